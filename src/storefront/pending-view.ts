import type { PendingOrder } from '../database/queries/orders.ts';
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
  const isSame = (order: PendingOrder) => order.checkout_key === key;
  const [ordered] = orders.filter(isSame);
  const others = orders.filter((order) => !isSame(order));
  return {
    ordered: ordered ? pendingView(ordered, now) : null,
    others: others.map((order) => pendingView(order, now)),
  };
}

function pendingView(order: PendingOrder, now: Date): PendingView {
  const name = orderWords(order.order_id);
  const holds = order.hold_expires_at > now && !order.cancel_asked;
  const payable = holds && order.payment_state === 'open';
  const text = payWords(formatMoney({ cents: order.total_cents, currency: order.currency }));
  return {
    sentence: holds ? pendingWords(name) : askingWords(name, order.cancel_asked),
    time: shownTime(order.hold_expires_at, now),
    token: order.token,
    pay: payable && order.payment_url !== null ? { url: order.payment_url, text } : null,
  };
}
