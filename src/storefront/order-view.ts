import { z } from 'zod';
import type { HistoryEntry, OrderLine, OrderWithPayment } from '../database/queries/orders.ts';
import { formatMoney } from '../domain/money.ts';
import { type ProgressView, progressView } from './progress-view.ts';
import { type Step, timeline } from './timeline.ts';
import { type ShownTime, shownTime } from './times.ts';
import {
  cancelWords,
  orderWords,
  payWords,
  readyWords,
  refundNotes,
  shortageWords,
  statusWords,
  words,
} from './words.ts';

interface LineView {
  readonly name: string;
  readonly image: string;
  readonly quantity: number;
  readonly unit: string;
  readonly sum: string;
}

/** A sentence whose `{time}` becomes that time. */
interface TimedSentence {
  readonly sentence: string;
  readonly time: ShownTime;
}

interface HoldView extends TimedSentence {
  readonly over: boolean;
  readonly wholeSeconds: number;
  readonly leftSeconds: number;
}

export interface OrderView {
  readonly title: string;
  readonly name: string;
  readonly token: string;
  /** Nothing will change any more, so nothing needs to look again. */
  readonly final: boolean;
  readonly status: string;
  readonly word: string;
  readonly sign: string;
  readonly reason: TimedSentence | null;
  readonly shortages: readonly string[];
  readonly paymentNote: string | null;
  readonly refundNote: string | null;
  /** The shopper may still cancel. */
  readonly cancellable: boolean;
  readonly hold: HoldView | null;
  readonly pay: { readonly url: string; readonly text: string } | null;
  readonly progress: ProgressView | null;
  readonly ready: string | null;
  readonly steps: readonly Step[];
  readonly linesTitle: string;
  readonly lines: readonly LineView[];
  readonly total: string;
}

/** What an order's page shows at a moment. */
export function orderView(
  order: OrderWithPayment,
  lines: readonly OrderLine[],
  history: readonly HistoryEntry[],
  now: Date,
): OrderView {
  const { currency } = order;
  const name = orderWords(order.order_id);
  const total = formatMoney({ cents: order.total_cents, currency });
  const { word, sign } = statusWords[order.status];
  const hold = order.status === 'pending' && !paymentArrived(order) ? holdView(order, now) : null;
  return {
    title: `${name}: ${word}`,
    name,
    token: order.token,
    final: isFinal(order),
    status: order.status,
    word,
    sign,
    reason: reason(order, now),
    shortages: shortages(lines, history),
    paymentNote: paymentNote(order) ?? cancelNote(order, history),
    refundNote: refundNote(order),
    cancellable: hold !== null && !hold.over,
    hold,
    pay: hold && !hold.over && order.payment_url ? { url: order.payment_url, text: payWords(total) } : null,
    progress: progressView(order, now),
    ready: ready(order, now),
    steps: timeline(order, history, now),
    linesTitle: wasRefused(history) ? words.order.wanted : words.order.bought,
    lines: lines.map((line) => lineView(line, currency)),
    total,
  };
}

function isFinal({ status, payment_state: payment }: OrderWithPayment): boolean {
  if (payment === 'refund_due') return false;
  return status === 'dispatched' || status === 'refunded' || status === 'cancelled';
}

function paymentArrived({ payment_state: payment }: OrderWithPayment): boolean {
  return payment === 'paid' || payment === 'settled';
}

function holdView({ created_at: from, hold_expires_at: until }: OrderWithPayment, now: Date): HoldView {
  const leftSeconds = Math.max(0, Math.round((until.getTime() - now.getTime()) / 1000));
  const over = until <= now;
  return {
    over,
    sentence: over ? words.order.holdOver : words.order.held,
    time: shownTime(until, now),
    wholeSeconds: Math.max(1, Math.round((until.getTime() - from.getTime()) / 1000)),
    leftSeconds,
  };
}

function paymentNote(order: OrderWithPayment): string | null {
  if (order.status !== 'pending') return null;
  if (paymentArrived(order)) return words.order.paymentSeen;
  return order.payment_state === 'creating' ? words.order.preparing : null;
}

function cancelNote(
  { status, refunded_cents: refunded }: OrderWithPayment,
  history: readonly HistoryEntry[],
) {
  const isTooLate = (status === 'paid' || status === 'dispatched') && !refunded;
  return isTooLate && history.some(({ what }) => what === 'cancel_asked') ? words.order.cancelTooLate : null;
}

function refundNote(order: OrderWithPayment): string | null {
  if (!order.refunded_cents) return null;
  const amount = formatMoney({ cents: order.refunded_cents, currency: order.currency });
  if (order.payment_state === 'refunded') return refundNotes.made(amount);
  if (order.payment_state === 'settled') return refundNotes.part(amount);
  return order.status === 'cancelled' ? refundNotes.late(amount) : refundNotes.due(amount);
}

function reason(order: OrderWithPayment, now: Date): TimedSentence | null {
  // What says that nothing was charged is not said of money that came too late.
  if (order.status !== 'cancelled' || !order.reason || order.payment_state === 'refund_due') return null;
  return { sentence: cancelWords[order.reason], time: shownTime(order.hold_expires_at, now) };
}

function ready({ status, dispatch_due_at: due }: OrderWithPayment, now: Date): string | null {
  if (status !== 'paid' || !due) return null;
  return readyWords(Math.ceil((due.getTime() - now.getTime()) / 1000));
}

function wasRefused(history: readonly HistoryEntry[]): boolean {
  return history.some(({ what }) => what === 'cancelled') && !history.some(({ what }) => what === 'placed');
}

const shortageDetail = z.object({
  lines: z.array(z.object({ sku: z.string(), wanted: z.int(), available: z.int() })),
});

function shortages(lines: readonly OrderLine[], history: readonly HistoryEntry[]): string[] {
  const short = history.flatMap(({ detail }) => shortageDetail.safeParse(detail).data?.lines ?? []);
  return short.map(({ sku, wanted, available }) => {
    const product = lines.find((line) => line.sku === sku)?.product ?? sku;
    return shortageWords(product, wanted, available);
  });
}

function lineView(
  { product, image, quantity, unit_price_cents: cents }: OrderLine,
  currency: string,
): LineView {
  return {
    name: product,
    image,
    quantity,
    unit: formatMoney({ cents, currency }),
    sum: formatMoney({ cents: cents * quantity, currency }),
  };
}
