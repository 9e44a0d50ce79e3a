import type { OrderWithPayment } from '../database/queries/orders.ts';
import { type ShownTime, shownTime } from './times.ts';
import { orderWords, pendingWords } from './words.ts';

/** An order of this browser that still waits for its payment. */
export interface PendingView {
  readonly sentence: string;
  readonly time: ShownTime;
  readonly token: string;
  /** The page to pay on; null while there is none. */
  readonly paymentUrl: string | null;
}

/** The orders that wait for their payment, leaving out those whose hold is over: these are being asked after. */
export function pendingView(orders: readonly OrderWithPayment[], now: Date): PendingView[] {
  return orders
    .filter(({ hold_expires_at: until }) => until > now)
    .map((order) => ({
      sentence: pendingWords(orderWords(order.order_id)),
      time: shownTime(order.hold_expires_at, now),
      token: order.token,
      paymentUrl: order.payment_state === 'open' ? order.payment_url : null,
    }));
}
