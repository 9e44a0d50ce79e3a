import type { HistoryEntry, OrderWithPayment } from '../database/queries/orders.ts';
import type { CancelReason } from '../domain/order.ts';
import { arrivalOf } from '../domain/shipment.ts';
import { formatMoney } from '../shared/money.ts';
import { refundOf, refundSums } from './refund-history.ts';
import { type ShownTime, shownDay, shownTime } from './times.ts';
import { arrivalWords, cancelSteps, parcelWords, preparingWords, refundSteps, words } from './words.ts';

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
  return [
    ...history.flatMap((entry) => happened(entry, order, history, now)),
    ...toCome(order, history, now),
  ];
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
    case 'change_given_up':
      return [step(steps.changeGivenUp)];
    case 'cancelled':
      return [step(cancelWord(entry), 'ended')];
    case 'paid_late':
      return [step(steps.paidLate)];
    case 'paid':
      return [step(history.some(({ what }) => what === 'paid_late') ? steps.paidAfterAll : steps.paid)];
    case 'shipped': {
      const parcels = history.filter(({ what }) => what === 'shipped');
      // That everything has left is enough to know of a single parcel.
      if (parcels.length === 1 && history.some(({ what }) => what === 'dispatched')) return [];
      return [step(parcelWords.shipped(parcels.indexOf(entry) + 1))];
    }
    case 'dispatched': {
      if (order.nothingSent) return [step(steps.nothingSent, 'ended')];
      if (order.fulfilment === 'manual') return [step(steps.dispatched)];
      // A dispatch begins with the commit of the payment, so it has no entry of its own.
      const paidAt = history.findLast(({ what }) => what === 'paid')?.at ?? entry.at;
      return [{ ...step(steps.dispatchBegan, 'done', paidAt), name: 'dispatch' }, step(steps.dispatched)];
    }
    case 'payment_failed':
      return [step(steps.paymentFailed, 'ended')];
    case 'refund_due':
      return isMade(entry, history) ? [] : [step(steps.refundPromised)];
    case 'refund_made': {
      const refund = refundOf(entry);
      if (!refund || isLastRefund(entry, history)) return [];
      return [step(refundSteps.made(formatMoney({ cents: refund.cents, currency: order.currency })))];
    }
    case 'refunded':
      return [step(steps.refunded)];
    case 'disputed':
      return [step(steps.disputed)];
    case 'return_asked':
      return [step(entry.detail['code'] === 'return_asked' ? steps.returnAsked : steps.cancellationAsked)];
    case 'return_answered':
      return [step(steps.returnAnswered)];
    // The step of the payment shows that its page was opened, and a notice into which order it was changed.
    case 'payment_opened':
    case 'changed':
    case 'email_corrected':
    case 'email_resent':
      return [];
    default:
      // During an upgrade, an entry of a newer build.
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

function toCome(order: OrderWithPayment, history: readonly HistoryEntry[], now: Date): Step[] {
  switch (order.status) {
    case 'pending':
      return history.some(({ what }) => what === 'cancel_asked') && order.paymentState === 'open'
        ? [untimed('cancelling', 'now')]
        : [untimed('payment', 'now'), untimed('dispatch', 'ahead'), untimed('dispatched', 'ahead')];
    case 'paid':
      return order.paymentState === 'refund_due'
        ? [untimed('refund', 'now')]
        : [nextOfPaid(order, now), untimed('dispatched', 'ahead'), ...arrival(order, now)];
    case 'dispatched':
      return refundSums(history).dueCents > 0 ? [untimed('refund', 'now')] : arrival(order, now);
    case 'cancelled':
      return refundSums(history).dueCents > 0 ? [untimed('refund', 'now')] : [];
    case 'refunded':
      return [];
  }
}

/** An operator who is late gives no day any more. */
function nextOfPaid({ fulfilment, dispatchDueAt: due }: OrderWithPayment, now: Date): Step {
  if (fulfilment === 'automatic') return untimed('dispatch', 'now');
  const step = untimed('preparing', 'now');
  return due && due > now ? { ...step, word: preparingWords(shownDay(due)) } : step;
}

/** The days between which an order arrives, until they are over. */
function arrival(order: OrderWithPayment, now: Date): Step[] {
  const { dispatchedAt, dispatchDueAt, deliveryDaysFrom, deliveryDaysTo } = order;
  if (order.nothingSent) return [];
  const planned = dispatchDueAt && dispatchDueAt > now ? dispatchDueAt : now;
  const days = arrivalOf(dispatchedAt ?? planned, deliveryDaysFrom, deliveryDaysTo);
  if (!days || days.to < now) return [];
  const word = arrivalWords(shownDay(days.from), shownDay(days.to));
  return [{ name: 'arrival', state: 'ahead', word, time: null }];
}

function untimed(
  name: 'payment' | 'cancelling' | 'dispatch' | 'dispatched' | 'preparing' | 'refund',
  state: 'now' | 'ahead',
): Step {
  return { name, state, word: steps[name], time: null };
}
