import type { OrderRow, PaymentRow } from '../database/tables.ts';
import { dispatchSteps, progressRemaining } from '../domain/order.ts';
import { progressWords } from './words.ts';

/** A rope drawn taut: how many of its steps are done, as numbers and in words. */
export interface ProgressView {
  readonly done: number;
  readonly whole: number;
  readonly text: string;
}

type OrderInProgress = OrderRow & { readonly payment_state?: PaymentRow['state'] | null };

/** The progress of an order to its dispatch; null while it is not paid, and for one that will never be dispatched. */
export function progressView(order: OrderInProgress, now: Date): ProgressView | null {
  if (order.status !== 'paid' && order.status !== 'dispatched') return null;
  if (order.status === 'paid' && order.payment_state === 'refund_due') return null;
  const clock = { status: order.status, paidAt: order.paid_at, dispatchDueAt: order.dispatch_due_at };
  const done = dispatchSteps - progressRemaining(clock, now);
  return { done, whole: dispatchSteps, text: progressWords(done, dispatchSteps) };
}
