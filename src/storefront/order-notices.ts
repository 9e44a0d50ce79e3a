import { z } from 'zod';
import type { OrderDetails } from '../database/queries/order-details.ts';
import type { OrderEvent, OrderStatus } from '../domain/order.ts';
import { isUnpaid } from '../domain/payment.ts';
import { refundSums } from './refund-history.ts';
import { type ShownTime, shownTime } from './times.ts';
import {
  answeredWords,
  cancelWords,
  changedIntoWords,
  handoverWords,
  orderWords,
  paymentFailedWords,
  refundNotes,
  shareWords,
  shortageWords,
  words,
} from './words.ts';

/** A sentence whose `{time}` becomes that time. */
export interface Notice {
  readonly text: string;
  readonly time: ShownTime | null;
}

/** The notices of an order: what its buyer has to know beyond its status and its receipt. */
export function noticesOf(details: OrderDetails, now: Date): Notice[] {
  const plain = [
    ...shortages(details),
    ...unfairLines(details),
    ...refundNotices(details),
    ...paymentNotices(details),
    ...requestNotices(details),
  ];
  return [...reason(details, now), ...change(details, now), ...plain.map((text) => ({ text, time: null }))];
}

/** Only while the change has not come about, because the things were not there or the payment service was away. */
function change({ order, history }: OrderDetails, now: Date): Notice[] {
  if (!isChanging({ order, history })) return [];
  return [{ text: words.order.changeAsked, time: shownTime(order.holdExpiresAt, now) }];
}

/**
 * Whether an order cannot be paid because its shopper changes it. A change that was given up is not in the way, unless it has ended the
 * payment session all the same.
 */
export function isChanging({ order, history }: Pick<OrderDetails, 'order' | 'history'>): boolean {
  const { status, paymentState } = order;
  if (status !== 'pending' || paymentState === null || !isUnpaid(paymentState)) return false;
  const last = (...names: OrderEvent[]) => history.findLast(({ what }) => names.includes(what))?.what;
  if (last('cancel_asked')) return false;
  return paymentState === 'expired'
    ? last('change_asked') !== undefined
    : last('change_asked', 'change_given_up') === 'change_asked';
}

function reason({ order, history }: OrderDetails, now: Date): Notice[] {
  // These texts end with "Nothing was charged", which is not true once a late payment has arrived.
  if (order.status !== 'cancelled' || !order.reason || order.paidAt) return [];
  const failed = history.some(({ what }) => what === 'payment_failed');
  const text = successorOf(history) ?? (failed ? paymentFailedWords : cancelWords[order.reason]);
  return [{ text, time: shownTime(order.holdExpiresAt, now) }];
}

const changedDetail = z.object({ order: z.int() });

function successorOf(history: OrderDetails['history']): string | undefined {
  const changed = history.find(({ what }) => what === 'changed');
  const { data } = changedDetail.safeParse(changed?.detail);
  return data && changedIntoWords(orderWords(data.order));
}

const shortageDetail = z.object({
  lines: z.array(z.object({ sku: z.string(), wanted: z.int(), available: z.int() })),
});

function shortages({ lines, history }: OrderDetails): string[] {
  const short = history.flatMap(({ detail }) => shortageDetail.safeParse(detail).data?.lines ?? []);
  return short.map(({ sku, wanted, available }) => {
    const product = lines.find((line) => line.sku === sku)?.product ?? sku;
    return shortageWords(product, wanted, available);
  });
}

const limitDetail = z.object({ lines: z.array(z.object({ product: z.string(), at_most: z.int() })) });

function unfairLines({ history }: OrderDetails): string[] {
  const unfair = history.flatMap(({ detail }) => limitDetail.safeParse(detail).data?.lines ?? []);
  return unfair.map((line) => shareWords(line.product, line.at_most));
}

function refundNotices({ order, history }: OrderDetails): string[] {
  const { madeCents, dueCents } = refundSums(history);
  if (order.paymentState === 'refunded') return [refundNotes.soon];
  if (order.paymentState === 'refund_due') {
    return [order.status === 'cancelled' ? refundNotes.late : refundNotes.due];
  }
  return [
    ...(madeCents > 0 ? [`${refundNotes.partMade} ${refundNotes.soon}`] : []),
    ...(dueCents > 0 ? [refundNotes.partDue] : []),
  ];
}

function requestNotices({ order, returnRequest: request }: OrderDetails): string[] {
  if (!request) return [];
  if (!request.isOpen) return request.answer === null ? [] : [answeredWords(request.answer)];
  if (request.code === 'return_asked') return [words.contact.returnAsked];
  if (order.nothingSent) return [];
  const { cancellationAsked, cancellationAskedLate } = handoverWords(order);
  return [order.status === 'dispatched' ? cancellationAskedLate : cancellationAsked];
}

function paymentNotices({ order, history, returnRequest }: OrderDetails): string[] {
  const { status, paymentState: payment } = order;
  const cancelAsked = history.some(({ what }) => what === 'cancel_asked');
  if (status === 'pending') {
    if (payment === 'paid' || payment === 'settled') return [words.order.paymentSeen];
    if (cancelAsked) return [words.order.cancelAsked];
    return payment === 'creating' ? [words.order.preparing] : [];
  }
  if (status === 'paid' && order.email !== null && !order.refundedCents && !cancelAsked) {
    return [words.order.thanks];
  }
  if (status === 'dispatched' && order.nothingSent) return [handoverWords(order).nothing.notice];
  const isTooLate = (status === 'paid' || status === 'dispatched') && !order.refundedCents;
  if (isTooLate && cancelAsked) return [tooLateWords(status, returnRequest === null)];
  return status === 'dispatched' && !order.refundedCents ? [handoverWords(order).gone] : [];
}

/** That a payment was faster than its cancellation. Whoever has asked the shop already is not told to. */
function tooLateWords(status: OrderStatus, canAsk: boolean): string {
  const { cancelTooLate, canAskToCancel, canAskToReturn } = words.order;
  if (!canAsk) return cancelTooLate;
  return `${cancelTooLate} ${status === 'dispatched' ? canAskToReturn : canAskToCancel}`;
}
