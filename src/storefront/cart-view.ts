import type { ChangedOrder } from '../database/queries/carts.ts';
import type { OrderLine, PendingOrder } from '../database/queries/orders.ts';
import type { CartLine, CheckedCart, CheckedLine } from '../domain/cart.ts';
import { cartDays } from '../domain/limits.ts';
import { isPayable } from '../domain/payment.ts';
import { formatMoney } from '../shared/money.ts';
import { type ShownTime, shownTime } from './times.ts';
import {
  askingWords,
  blockerWords,
  cartMessages,
  cartNotes,
  cartShort,
  changingWords,
  fewerWords,
  filledWords,
  keptWords,
  orderWords,
  payWords,
  pendingWords,
  putBackWords,
  words,
} from './words.ts';

/** One product of a cart, on the cart's page and in the review. */
export interface CartLineView {
  readonly sku: string;
  readonly name: string;
  readonly image: string;
  readonly quantity: number;
  readonly unit: string;
  readonly sum: string;
  /** The changes since it was put into the cart. */
  readonly notes: readonly string[];
}

/** The result of the last change of the cart, and how to undo it. */
export interface CartMessage {
  readonly text: string;
  readonly undo: { readonly sku: string; readonly quantity: number; readonly text: string } | null;
}

export interface CartSource {
  readonly cart: CheckedCart;
  /** The key under which this content of the cart is ordered; empty for an empty cart. */
  readonly key: string;
  /** Orders of this browser that wait for their payment. */
  readonly pending: readonly PendingOrder[];
  /** The order whose place its content shall take; null without one. */
  readonly changes: ChangedOrder | null;
  readonly message: CartMessage | null;
  readonly fault: string | null;
}

export interface CartView {
  readonly title: string;
  readonly lines: readonly CartLineView[];
  /** Null where it cannot be added up. */
  readonly total: string | null;
  /** Why it cannot be ordered; null when it can. */
  readonly blocker: string | null;
  /** The text of an empty cart. */
  readonly kept: string;
  /** The order that this very cart has already become: there is nothing to check out, only to pay. */
  readonly ordered: PendingView | null;
  /** The order whose place the cart takes. */
  readonly changing: ChangingView | null;
  /** The other orders that wait for their payment. */
  readonly pending: readonly PendingView[];
  readonly message: CartMessage | null;
  readonly fault: string | null;
}

/** The model of the cart's page. */
export function cartView({ cart, key, message, fault, ...source }: CartSource, now: Date): CartView {
  const { ordered, others } = pendingOf(source.pending, { key, changes: source.changes }, now);
  return {
    title: words.cart.title,
    // The units of an order are held, so later changes do not matter.
    lines: cart.lines.map((line) => ({ ...cartLineView(line), ...(ordered && { notes: [] }) })),
    total: totalOf(cart),
    blocker: cart.blocker && blockerWords[cart.blocker],
    kept: keptWords(cartDays),
    ordered,
    changing: ordered ? null : changingView(source, now),
    pending: others,
    message,
    fault,
  };
}

/** The total of a cart; null when it has several currencies. */
export function totalOf({ totalCents: cents, currency, blocker }: CheckedCart): string | null {
  return blocker === 'currencies' ? null : formatMoney({ cents, currency });
}

/** A line with the amounts of now, and with what changed. */
export function cartLineView(line: CheckedLine): CartLineView {
  const money = (cents: number) => formatMoney({ cents, currency: line.currency });
  return {
    sku: line.sku,
    name: line.product,
    image: line.image,
    quantity: line.qty,
    unit: money(line.unitPriceCents),
    sum: money(line.unitPriceCents * line.qty),
    notes: [...stockNotes(line), ...priceNotes(line, money)],
  };
}

function stockNotes({ qty, wanted, heldByOtherOrders }: CheckedLine): string[] {
  if (qty === wanted) return [];
  const left = qty === 0 ? cartNotes.soldOut : cartNotes.fewer(qty, wanted);
  return heldByOtherOrders > 0 ? [left, cartNotes.heldByOtherOrders(heldByOtherOrders)] : [left];
}

/**
 * That something was put into the cart, or that the cart counts no more than there is. `short` is for a place that names the product
 * already.
 */
export function addedMessage({ product, wanted, available }: CartLine): {
  readonly message: string;
  readonly short: string;
} {
  if (available <= 0) return { message: cartMessages.soldOut(product), short: cartShort.soldOut };
  if (wanted <= available) return { message: cartMessages.added(product), short: cartShort.added };
  return { message: cartMessages.all(product, available), short: cartShort.all(available) };
}

/** That something was taken out of the cart, and how to undo it. */
export function removedMessage(text: string, sku: string, quantity: number): CartMessage {
  return { text, undo: { sku, quantity, text: putBackWords(quantity) } };
}

function priceNotes(
  { unitPriceCents, seenPriceCents }: CheckedLine,
  money: (cents: number) => string,
): string[] {
  if (unitPriceCents === seenPriceCents) return [];
  return [cartNotes.price(money(unitPriceCents), money(seenPriceCents))];
}

/** The order whose place a cart takes, or one that was paid before that. */
export interface ChangingView {
  /** `{time}` is the end of its hold. */
  readonly text: string;
  readonly time: ShownTime | null;
  readonly token: string;
  /** It can still be left as it is. */
  readonly canKeep: boolean;
}

/** The order that a cart changes; null when there is none, or when it has ended unpaid. */
function changingView(
  { changes, pending }: Pick<CartSource, 'changes' | 'pending'>,
  now: Date,
): ChangingView | null {
  if (!changes || changes.status === 'cancelled') return null;
  const { token } = changes;
  const name = orderWords(changes.orderId);
  const waiting = pending.find(({ orderId }) => orderId === changes.orderId);
  if (!waiting) return { text: changingWords.paid(name), time: null, token, canKeep: false };
  const text = waiting.changeAsked ? changingWords.ended(name) : changingWords.payable(name);
  return { text, time: shownTime(waiting.holdExpiresAt, now), token, canKeep: !waiting.changeAsked };
}

/** That the products of an order were put into the cart, and what of it is not there as it was ordered. */
export function filledMessage(
  orderId: number,
  lines: readonly (OrderLine & { readonly available: number })[],
  cart: readonly CartLine[],
): CartMessage {
  const short = lines.flatMap(({ sku, product, quantity, available }) => {
    const line = cart.find((line) => line.sku === sku);
    const inCart = line ? Math.max(0, Math.min(line.wanted, line.available)) : 0;
    return inCart < quantity ? [fewerWords(product, quantity, inCart, available)] : [];
  });
  return { text: filledWords(orderWords(orderId), short), undo: null };
}

/** An order of this browser that still waits for its payment. */
export interface PendingView {
  readonly text: string;
  readonly time: ShownTime;
  readonly token: string;
  /** The page to pay on, and what to press, as in “Pay $18.90”; null when it cannot be paid now. */
  readonly pay: { readonly url: string; readonly text: string } | null;
  /** Its shopper may change it. */
  readonly canChange: boolean;
}

/**
 * The order that the present content of the cart has become, by its key, and the others that wait for their payment, without the one
 * that the cart changes.
 */
export function pendingOf(
  orders: readonly PendingOrder[],
  { key, changes }: { readonly key: string; readonly changes: ChangedOrder | null },
  now: Date,
): { readonly ordered: PendingView | null; readonly others: readonly PendingView[] } {
  const isSame = (order: PendingOrder) => order.checkoutKey === key;
  const [ordered] = orders.filter(isSame);
  const others = orders.filter((order) => !isSame(order) && order.orderId !== changes?.orderId);
  return {
    ordered: ordered ? pendingView(ordered, now) : null,
    others: others.map((order) => pendingView(order, now)),
  };
}

function pendingView(order: PendingOrder, now: Date): PendingView {
  const name = orderWords(order.orderId);
  const holds = order.holdExpiresAt > now && !order.cancelAsked;
  const payable = isPayable(order, now) && !order.cancelAsked && !order.changeAsked;
  const pay = payWords(formatMoney({ cents: order.totalCents, currency: order.currency }));
  return {
    text: holds ? heldWords(name, order) : askingWords(name, order.cancelAsked),
    time: shownTime(order.holdExpiresAt, now),
    token: order.token,
    pay: payable && order.paymentUrl !== null ? { url: order.paymentUrl, text: pay } : null,
    canChange: holds,
  };
}

function heldWords(name: string, { changeAsked }: PendingOrder): string {
  return changeAsked ? changingWords.ended(name) : pendingWords(name);
}
