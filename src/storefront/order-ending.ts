import type { OrderStory } from '../database/queries/order-story.ts';
import { refundSums } from './refund-story.ts';

/**
 * The session of an order was ended before the order was cancelled, so only word that is on its way already can still come:
 * by the webhook, which the provider repeats while it is not answered, or by the next comparisons with the provider's list.
 * What comes later yet shows when the page is opened anew.
 */
const lateWordMs = 30 * 60_000;

/** Whether everything has happened that was to happen. */
export function isEnded({ order: { status, paymentState: payment }, history }: OrderStory): boolean {
  if (payment === 'refund_due' || refundSums(history).dueCents > 0) return false;
  return status === 'dispatched' || status === 'refunded' || status === 'cancelled';
}

/** For how long a payment of a cancelled order may still become known, in milliseconds; null when none is waited for. */
export function lateForMs({ order }: OrderStory, now: Date): number | null {
  const { status, sessionId: session, paidAt, cancelledAt } = order;
  if (status !== 'cancelled' || session === null || paidAt !== null || !cancelledAt) return null;
  const leftMs = cancelledAt.getTime() + lateWordMs - now.getTime();
  return leftMs > 0 ? leftMs : null;
}
