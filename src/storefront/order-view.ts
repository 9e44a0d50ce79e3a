import type { OrderDetails, ShownOrder } from '../database/queries/order-details.ts';
import type { OrderLine, OrderWithPayment } from '../database/queries/orders.ts';
import type { Shipment } from '../database/queries/shipments.ts';
import { isWaiting } from '../domain/payment.ts';
import { addressLines } from '../domain/postal-address.ts';
import { formatMoney } from '../shared/money.ts';
import { type AmountsView, amountsView } from './amounts-view.ts';
import { isChanging, type Notice, noticesOf } from './order-notices.ts';
import { type DispatchView, dispatchView } from './progress-view.ts';
import { refundSums } from './refund-history.ts';
import { type Step, timeline } from './timeline.ts';
import { longShown, type ShownTime, shownTime } from './times.ts';
import {
  daysWords,
  handoverWords,
  itemWords,
  orderWords,
  paymentStates,
  payWords,
  refundSteps,
  statusWordsOf,
  words,
} from './words.ts';

interface LineView {
  readonly name: string;
  readonly image: string;
  readonly quantity: number;
  readonly unit: string;
  readonly sum: string;
}

interface HoldView {
  readonly over: boolean;
  readonly time: ShownTime;
  readonly wholeSeconds: number;
  readonly leftSeconds: number;
  readonly leftMs: number;
}

export interface OrderView {
  readonly title: string;
  readonly name: string;
  readonly token: string;
  /** The words for the way in which it gets to its buyer. */
  readonly handover: ReturnType<typeof handoverWords>;
  /** Nothing will change any more, so nothing needs to look again. */
  readonly final: boolean;
  /** For how long a payment of a cancelled order may still show, in milliseconds; null when none is waited for. */
  readonly lateForMs: number | null;
  readonly status: string;
  readonly word: string;
  readonly sign: string;
  readonly notices: readonly Notice[];
  /** How long the units are held for a payment; null when none is waited for. */
  readonly hold: HoldView | null;
  /** The way to the payment page; null when there is none. Such an order may also be cancelled. */
  readonly pay: { readonly url: string; readonly text: string } | null;
  /** A browser placed it, in which it can be changed. */
  readonly canChange: boolean;
  readonly dispatch: DispatchView | null;
  readonly stepsTitle: string;
  readonly steps: readonly Step[];
  readonly linesTitle: string;
  readonly lines: readonly LineView[];
  readonly amounts: AmountsView;
  readonly delivery: DeliveryView | null;
  readonly shipments: readonly ShipmentView[];
  readonly contact: ContactLinks;
  readonly receiptRows: readonly ReceiptRow[];
  /** There is something to keep on paper. */
  readonly receipt: boolean;
  /** Everything has happened that was to happen, so the page offers the way on. */
  readonly ended: boolean;
  /** The cart still has the items of this order. */
  readonly backToCart: boolean;
  /** Its payment session was ended because its shopper changes it: the cart has what it will be. */
  readonly isChanging: boolean;
  /** The button that puts its products into the cart again; null while it waits for its payment. */
  readonly again: { readonly text: string; readonly primary: boolean } | null;
}

/**
 * The model of an order's page at a moment.
 * @param sendsEmail false where no messages are sent
 */
export function orderView(details: OrderDetails, now: Date, sendsEmail = true): OrderView {
  const { order, lines, history } = details;
  const { currency } = order;
  const name = orderWords(order.orderId);
  const total = formatMoney({ cents: order.totalCents, currency });
  const { word, sign } = statusWordsOf(order);
  const handover = handoverWords(order);
  const hold = awaitsPayment(details) ? holdView(order, now) : null;
  const late = lateForMs(details, now);
  const steps = timeline(order, history, now);
  const isAhead = steps.some(({ state }) => state === 'ahead');
  const wasRefused = order.status === 'cancelled' && !history.some(({ what }) => what === 'placed');
  return {
    title: `${name}: ${word}`,
    name,
    token: order.token,
    handover,
    final: isFinal(details) && late === null,
    lateForMs: late,
    status: order.status,
    word,
    sign,
    notices: noticesOf(sendsEmail ? details : withoutEmail(details), now),
    hold,
    pay: hold && !hold.over && order.paymentUrl ? { url: order.paymentUrl, text: payWords(total) } : null,
    canChange: order.browserId !== null,
    dispatch: dispatchView(order, now),
    stepsTitle: isFinal(details) && !isAhead ? words.order.timelineAfter : words.order.timeline,
    steps,
    linesTitle: wasRefused ? words.order.wanted : words.order.bought,
    lines: lines.map((line) => lineView(line, currency)),
    amounts: amountsView({ ...order, lines }),
    delivery: deliveryOf(order),
    shipments: details.shipments.map((shipment, index) => shipmentView(shipment, index, handover)),
    contact: sendsEmail
      ? contactLinksOf(details)
      : { ...contactLinksOf(withoutEmail(details)), ...noMessages },
    receiptRows: receiptRowsOf(details),
    receipt: order.paidAt !== null,
    ended: isFinal(details),
    backToCart: isBackToCart(order),
    isChanging: isChanging(details),
    again: againOf(order),
  };
}

function isBackToCart({ status, browserId, paidAt, reason }: OrderWithPayment): boolean {
  const wasReplaced = reason === 'changed_by_shopper';
  return status === 'cancelled' && browserId !== null && paidAt === null && !wasReplaced;
}

function againOf({ status, reason }: OrderWithPayment): OrderView['again'] {
  if (status === 'pending') return null;
  const primary = status === 'cancelled' && reason === 'out_of_stock';
  return { text: primary ? words.order.available : words.order.again, primary };
}

function awaitsPayment(details: OrderDetails): boolean {
  const { status, paymentState: payment } = details.order;
  if (status !== 'pending' || payment === null || !isWaiting(payment)) return false;
  return !isChanging(details) && !details.history.some(({ what }) => what === 'cancel_asked');
}

function holdView({ createdAt: from, holdExpiresAt: until }: OrderWithPayment, now: Date): HoldView {
  const leftMs = Math.max(0, until.getTime() - now.getTime());
  return {
    over: leftMs === 0,
    time: shownTime(until, now),
    wholeSeconds: Math.max(1, Math.round((until.getTime() - from.getTime()) / 1000)),
    leftSeconds: Math.round(leftMs / 1000),
    leftMs,
  };
}

function lineView(
  { product, image, quantity, unitPriceCents: cents }: OrderLine,
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

interface DeliveryView {
  readonly name: string;
  readonly days: string | null;
  /** The lines of the address; empty where none is needed. */
  readonly address: readonly string[];
}

function deliveryOf(order: ShownOrder): DeliveryView | null {
  const { deliveryName, deliveryDaysFrom: from, deliveryDaysTo: to, address } = order;
  if (deliveryName === null) return null;
  return {
    name: deliveryName,
    days: from === null || to === null ? null : handoverWords(order).days(daysWords(from, to)),
    address: address ? addressLines(address) : [],
  };
}

interface ShipmentView {
  readonly name: string;
  readonly time: ShownTime;
  readonly items: string;
  readonly carrier: string | null;
  readonly number: string | null;
  readonly link: { readonly url: string; readonly text: string } | null;
}

function shipmentView(
  { shippedAt, items, carrier, trackingNumber: number, link: url }: Shipment,
  index: number,
  { parcel }: OrderView['handover'],
): ShipmentView {
  return {
    name: parcel.name(index + 1),
    time: longShown(shippedAt),
    items: items.map(({ product, quantity }) => itemWords(product, quantity)).join(', '),
    carrier,
    number,
    link: url === null ? null : { url, text: parcel.follow(index + 1) },
  };
}

/** What leads from an order to the page of its messages and requests. */
interface ContactLinks {
  readonly title: string;
  /** That there is no address; null when there is one, or no messages are sent. */
  readonly none: string | null;
  /**
   * Where its messages go; null when there is no address, or no messages are sent. It is shown as a whole, because an error is seen in the
   * whole alone.
   */
  readonly email: string | null;
  /** The text of the link to correct it; null when that is not possible. */
  readonly correct: string | null;
  /** The text of the link to ask for a cancellation or a return; null when that is not possible. */
  readonly ask: string | null;
}

/** Where no messages are sent, the address of an order leads to nothing. */
function withoutEmail(details: OrderDetails): OrderDetails {
  return { ...details, order: { ...details.order, email: null } };
}

const noMessages = { title: words.contact.requests, none: null };

function contactLinksOf({
  order: { status, email, paymentState, nothingSent },
  returnRequest,
}: OrderDetails): ContactLinks {
  const isOpen = status === 'pending' || status === 'paid' || status === 'dispatched';
  const isSettled = status !== 'pending' && paymentState === 'settled';
  const canAsk = isOpen && isSettled && !nothingSent && !returnRequest?.isOpen;
  const { link, returnLink, cancelLink, now, none } = words.contact;
  return {
    title: now,
    none: email === null ? none : null,
    email,
    correct: isOpen && email !== null ? link : null,
    ask: canAsk ? (status === 'dispatched' ? returnLink : cancelLink) : null,
  };
}

/**
 * The session is ended before its order is cancelled, so only an event that is on its way already can still arrive:
 * by the webhook, which the provider repeats while it is not answered, or by the next comparisons with the provider's list.
 * Later events show when the page is opened again.
 */
const lateNoticeMs = 30 * 60_000;

/** Whether everything has happened that was to happen. */
function isFinal({ order: { status, paymentState: payment }, history }: OrderDetails): boolean {
  if (payment === 'refund_due' || refundSums(history).dueCents > 0) return false;
  return status === 'dispatched' || status === 'refunded' || status === 'cancelled';
}

/** For how long a payment of a cancelled order may still become known, in milliseconds; null when none is waited for. */
function lateForMs({ order }: OrderDetails, now: Date): number | null {
  const { status, sessionId: session, paidAt, cancelledAt } = order;
  if (status !== 'cancelled' || session === null || paidAt !== null || !cancelledAt) return null;
  const leftMs = cancelledAt.getTime() + lateNoticeMs - now.getTime();
  return leftMs > 0 ? leftMs : null;
}

/** One line of an order's receipt. */
export interface ReceiptRow {
  readonly label: string;
  readonly word: string;
  /** With the day, because it is read any day later. */
  readonly time: ShownTime | null;
}

/** When an order was placed, and how its money stands. */
function receiptRowsOf(details: OrderDetails): ReceiptRow[] {
  return [
    { label: words.order.ordered, word: '', time: longShown(details.order.createdAt) },
    paymentRow(details),
    ...refundRows(details),
  ];
}

function paymentRow({ order: { status, paymentState: state, paidAt } }: OrderDetails): ReceiptRow {
  const label = words.order.payment;
  if (paidAt) return { label, word: paymentStates.paid, time: longShown(paidAt) };
  if (status !== 'pending') return { label, word: paymentStates.none, time: null };
  const arrived = state === 'paid' || state === 'settled';
  return { label, word: arrived ? paymentStates.arrived : paymentStates.waiting, time: null };
}

function refundRows({ order: { currency }, history }: OrderDetails): ReceiptRow[] {
  const { madeCents, dueCents } = refundSums(history);
  const row = (word: string): ReceiptRow => ({ label: words.order.refund, word, time: null });
  return [
    ...(madeCents > 0 ? [row(refundSteps.made(formatMoney({ cents: madeCents, currency })))] : []),
    ...(dueCents > 0 ? [row(refundSteps.due(formatMoney({ cents: dueCents, currency })))] : []),
  ];
}
