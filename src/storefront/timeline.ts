import type { ShownOrder } from '../database/queries/order-details.ts';
import type { HistoryEntry } from '../database/queries/orders.ts';
import type { CancelReason } from '../domain/order.ts';
import { arrivalOf } from '../domain/shipment.ts';
import { formatMoney } from '../shared/money.ts';
import { refundOf, refundSums } from './refund-history.ts';
import { type ShownTime, shownDay, shownTime } from './times.ts';
import { arrivalWords, cancelSteps, handoverWords, refundSteps, words } from './words.ts';

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
export function timeline(order: ShownOrder, history: readonly HistoryEntry[], now: Date): Step[] {
  return [
    ...history.flatMap((entry) => happened(entry, order, history, now)),
    ...toCome(order, history, now),
  ];
}

function happened(
  entry: HistoryEntry,
  order: ShownOrder,
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
      return [step(handoverWords(order).parcel.shipped(parcels.indexOf(entry) + 1))];
    }
    case 'dispatched': {
      const { dispatchBegan, dispatched, nothing } = handoverWords(order).steps;
      if (order.nothingSent) return [step(nothing, 'ended')];
      if (order.fulfilment === 'manual') return [step(dispatched)];
      // A dispatch begins with the commit of the payment, so it has no entry of its own.
      const paidAt = history.findLast(({ what }) => what === 'paid')?.at ?? entry.at;
      return [{ ...step(dispatchBegan, 'done', paidAt), name: 'dispatch' }, step(dispatched)];
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

function toCome(order: ShownOrder, history: readonly HistoryEntry[], now: Date): Step[] {
  const handover = handoverWords(order).steps;
  const dispatched = untimed('dispatched', 'ahead', handover.dispatched);
  switch (order.status) {
    case 'pending':
      return history.some(({ what }) => what === 'cancel_asked') && order.paymentState === 'open'
        ? [untimed('cancelling', 'now', steps.cancelling)]
        : [
            untimed('payment', 'now', steps.payment),
            untimed('dispatch', 'ahead', handover.dispatch),
            dispatched,
          ];
    case 'paid':
      return order.paymentState === 'refund_due'
        ? [untimed('refund', 'now', steps.refund)]
        : [nextOfPaid(order, now), dispatched, ...arrival(order, now)];
    case 'dispatched':
      return refundSums(history).dueCents > 0
        ? [untimed('refund', 'now', steps.refund)]
        : arrival(order, now);
    case 'cancelled':
      return refundSums(history).dueCents > 0 ? [untimed('refund', 'now', steps.refund)] : [];
    case 'refunded':
      return [];
  }
}

/** An operator who is late gives no day any more. */
function nextOfPaid(order: ShownOrder, now: Date): Step {
  const { fulfilment, dispatchDueAt: due } = order;
  const handover = handoverWords(order);
  if (fulfilment === 'automatic') return untimed('dispatch', 'now', handover.steps.dispatch);
  const step = untimed('preparing', 'now', steps.preparing);
  return due && due > now ? { ...step, word: handover.preparing(shownDay(due)) } : step;
}

/** The days between which an order arrives, until they are over. One that is collected goes nowhere. */
function arrival(order: ShownOrder, now: Date): Step[] {
  if (order.isCollected) return [];
  const { dispatchedAt, dispatchDueAt, deliveryDaysFrom, deliveryDaysTo } = order;
  if (order.nothingSent) return [];
  const planned = dispatchDueAt && dispatchDueAt > now ? dispatchDueAt : now;
  const days = arrivalOf(dispatchedAt ?? planned, deliveryDaysFrom, deliveryDaysTo);
  if (!days || days.to < now) return [];
  const word = arrivalWords(shownDay(days.from), shownDay(days.to));
  return [{ name: 'arrival', state: 'ahead', word, time: null }];
}

function untimed(name: string, state: 'now' | 'ahead', word: string): Step {
  return { name, state, word, time: null };
}
