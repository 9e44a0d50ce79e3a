import type { OrderWithPayment } from '../database/queries/orders.ts';
import { formatMoney } from '../domain/money.ts';
import { type ShownTime, shownTime } from './times.ts';
import { orderWords, payWords, pendingWords } from './words.ts';

/** An order of this browser that still waits for its payment. */
export interface PendingView {
  readonly sentence: string;
  readonly time: ShownTime;
  readonly token: string;
  /** As in “Pay $18.90”: what was ordered, at the prices of then. */
  readonly pay: string;
  /** The page to pay on; null while there is none. */
  readonly paymentUrl: string | null;
}

/** The order that the present content of the cart has become, by its key, and the others that wait for their payment. */
export function pendingOf(
  orders: readonly OrderWithPayment[],
  key: string,
  now: Date,
): { readonly ordered: PendingView | null; readonly others: readonly PendingView[] } {
  const isSame = (order: OrderWithPayment) => order.checkout_key === key;
  const [ordered = null] = pendingView(orders.filter(isSame), now);
  return {
    ordered,
    others: pendingView(
      orders.filter((order) => !isSame(order)),
      now,
    ),
  };
}

// One whose hold is over is being asked after, and can be paid no more.
function pendingView(orders: readonly OrderWithPayment[], now: Date): PendingView[] {
  return orders
    .filter(({ hold_expires_at: until }) => until > now)
    .map((order) => ({
      sentence: pendingWords(orderWords(order.order_id)),
      time: shownTime(order.hold_expires_at, now),
      token: order.token,
      pay: payWords(formatMoney({ cents: order.total_cents, currency: order.currency })),
      paymentUrl: order.payment_state === 'open' ? order.payment_url : null,
    }));
}
