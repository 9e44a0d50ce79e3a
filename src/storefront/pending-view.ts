import type { PendingOrder } from '../database/queries/orders.ts';
import { isPayable } from '../domain/payment.ts';
import { formatMoney } from '../shared/money.ts';
import { type ShownTime, shownTime } from './times.ts';
import { askingWords, orderWords, payWords, pendingWords } from './words.ts';

/** An order of this browser that still waits for its payment. */
export interface PendingView {
  readonly sentence: string;
  readonly time: ShownTime;
  readonly token: string;
  /** The page to pay on, and what to press, as in “Pay $18.90”; null when it cannot be paid now. */
  readonly pay: { readonly url: string; readonly text: string } | null;
}

/** The order that the present content of the cart has become, by its key, and the others that wait for their payment. */
export function pendingOf(
  orders: readonly PendingOrder[],
  key: string,
  now: Date,
): { readonly ordered: PendingView | null; readonly others: readonly PendingView[] } {
  const isSame = (order: PendingOrder) => order.checkoutKey === key;
  const [ordered] = orders.filter(isSame);
  const others = orders.filter((order) => !isSame(order));
  return {
    ordered: ordered ? pendingView(ordered, now) : null,
    others: others.map((order) => pendingView(order, now)),
  };
}

function pendingView(order: PendingOrder, now: Date): PendingView {
  const name = orderWords(order.orderId);
  const holds = order.holdExpiresAt > now && !order.cancelAsked;
  const payable = isPayable(order, now) && !order.cancelAsked;
  const text = payWords(formatMoney({ cents: order.totalCents, currency: order.currency }));
  return {
    sentence: holds ? pendingWords(name) : askingWords(name, order.cancelAsked),
    time: shownTime(order.holdExpiresAt, now),
    token: order.token,
    pay: payable && order.paymentUrl !== null ? { url: order.paymentUrl, text } : null,
  };
}
