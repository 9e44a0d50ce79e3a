import type { OrderRow, PaymentRow } from '../database/tables.ts';
import { dispatchSteps, progressRemaining } from '../domain/order.ts';
import { progressPatterns, progressWords, readyWords } from './words.ts';

/** The progress of a dispatch: how many of its steps are done, as numbers and as text. */
export interface ProgressView {
  readonly done: number;
  readonly whole: number;
  readonly text: string;
}

/** A dispatch under way, with what a script needs to show its progress by the page's own clock. */
export interface DispatchView extends ProgressView {
  readonly ready: string;
  readonly wholeMs: number;
  readonly leftMs: number;
  /** The patterns of both texts, for the script. */
  readonly patterns: typeof progressPatterns;
}

type OrderInProgress = OrderRow & { readonly paymentState?: PaymentRow['state'] | null };

/** The progress of an order to its dispatch; null while it is not paid, while an operator has to ship it, and when it stays in the shop. */
export function progressView(order: OrderInProgress, now: Date): ProgressView | null {
  if (order.nothingSent || (order.status !== 'paid' && order.status !== 'dispatched')) return null;
  if (order.status === 'paid' && (order.paymentState === 'refund_due' || order.fulfilment === 'manual'))
    return null;
  const done = dispatchSteps - progressRemaining(order, now);
  return { done, whole: dispatchSteps, text: progressWords(done, dispatchSteps) };
}

/** The dispatch of an order while it is under way; null before and after. */
export function dispatchView(order: OrderInProgress, now: Date): DispatchView | null {
  const progress = progressView(order, now);
  const { status, paidAt: from, dispatchDueAt: due } = order;
  if (!progress || status !== 'paid' || !from || !due) return null;
  const leftMs = Math.max(0, due.getTime() - now.getTime());
  return {
    ...progress,
    ready: readyWords(Math.ceil(leftMs / 1000)),
    wholeMs: due.getTime() - from.getTime(),
    leftMs,
    patterns: progressPatterns,
  };
}
