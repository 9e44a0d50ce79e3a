import type { HistoryEntry, OrderWithPayment } from '../database/queries/orders.ts';
import type { CancelReason } from '../domain/order.ts';
import { formatMoney } from '../shared/money.ts';
import { refundOf, refundSums } from './refund-history.ts';
import { type ShownTime, shownTime } from './times.ts';
import { cancelSteps, refundSteps, words } from './words.ts';

/** One step of an order's timeline. */
export interface Step {
  /** The `what` of its history entry. Steps that are still ahead have names of their own. */
  readonly name: string;
  readonly state: 'done' | 'now' | 'ahead' | 'ended';
  readonly word: string;
  readonly time: ShownTime | null;
}

const { steps } = words;

/**
 * The steps of an order: what happened, one step for each entry of its history and for each refund, then what it waits for, then
 * what is ahead.
 * An order that ended early has nothing ahead.
 */
export function timeline(order: OrderWithPayment, history: readonly HistoryEntry[], now: Date): Step[] {
  return [...history.flatMap((entry) => happened(entry, order, history, now)), ...toCome(order, history)];
}

function happened(
  entry: HistoryEntry,
  order: OrderWithPayment,
  history: readonly HistoryEntry[],
  now: Date,
): Step[] {
  const step = (word: string, state: 'done' | 'ended' = 'done', at = entry.at): Step => ({
    name: entry.what,
    state,
    word,
    time: shownTime(at, now),
  });
  switch (entry.what) {
    case 'placed':
      return [step(steps.placed)];
    case 'cancel_asked':
      return [step(steps.cancelAsked)];
    case 'change_asked':
      return [step(steps.changeAsked)];
    case 'cancelled':
      return [step(cancelWord(entry), 'ended')];
    case 'paid_late':
      return [step(steps.paidLate)];
    case 'paid':
      return [step(history.some(({ what }) => what === 'paid_late') ? steps.paidAfterAll : steps.paid)];
    case 'dispatched': {
      // A dispatch begins with the commit of the payment, so it has no entry of its own.
      const paidAt = history.findLast(({ what }) => what === 'paid')?.at ?? entry.at;
      return [{ ...step(steps.dispatchBegan, 'done', paidAt), name: 'dispatch' }, step(steps.dispatched)];
    }
    case 'payment_failed':
      return [step(steps.paymentFailed, 'ended')];
    case 'refund_due':
      return isMade(entry, history) ? [] : [step(steps.refundPromised)];
    case 'refund_made': {
      if (isLastRefund(entry, history)) return [];
      const amount = formatMoney({ cents: refundOf(entry)?.cents ?? 0, currency: order.currency });
      return [step(refundSteps.made(amount))];
    }
    case 'refunded':
      return [step(steps.refunded)];
    case 'disputed':
      return [step(steps.disputed)];
    default:
      // The step of the payment shows that the payment page was opened.
      return [];
  }
}

// One refund is one step: its promise until it is made, and the end of the order when it is the last one.
function isMade(promise: HistoryEntry, history: readonly HistoryEntry[]): boolean {
  const id = refundOf(promise)?.id;
  return history.map(refundOf).some((refund) => refund?.made === true && refund.id === id);
}

function isLastRefund(made: HistoryEntry, history: readonly HistoryEntry[]): boolean {
  const next = history[history.indexOf(made) + 1];
  return next?.what === 'refunded';
}

function cancelWord({ detail }: HistoryEntry): string {
  return cancelSteps[detail['reason'] as CancelReason] ?? cancelSteps.payment_ended;
}

function toCome(order: OrderWithPayment, history: readonly HistoryEntry[]): Step[] {
  switch (order.status) {
    case 'pending':
      return history.some(({ what }) => what === 'cancel_asked') && order.paymentState === 'open'
        ? [untimed('cancelling', 'now')]
        : [untimed('payment', 'now'), untimed('dispatch', 'ahead'), untimed('dispatched', 'ahead')];
    case 'paid':
      return order.paymentState === 'refund_due'
        ? [untimed('refund', 'now')]
        : [untimed('dispatch', 'now'), untimed('dispatched', 'ahead')];
    case 'dispatched':
    case 'cancelled':
      return refundSums(history).dueCents > 0 ? [untimed('refund', 'now')] : [];
    case 'refunded':
      return [];
  }
}

function untimed(
  name: 'payment' | 'cancelling' | 'dispatch' | 'dispatched' | 'refund',
  state: 'now' | 'ahead',
): Step {
  return { name, state, word: steps[name], time: null };
}
