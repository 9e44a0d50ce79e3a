import { allowedFrom } from '../../domain/order.ts';
import { transaction } from '../transaction.ts';

/**
 * Moves an order from paid to dispatched, the only write of a dispatch. An order whose money is going back is not dispatched, nor
 * one with a deferred event: that event may report a refund, so it is applied first (`workflows/reconcile.ts`).
 * @returns whether this call did it; false when the order was not, or no longer, to be dispatched
 */
export const dispatchOrder = transaction('dispatchOrder', async (sql, orderId: number): Promise<boolean> => {
  const dispatched = await sql(
    `with payment as (
         select order_id from payments where order_id = :orderId and state = 'settled' for update
       ), deferred as (
         select from payment_events where order_id = :orderId and outcome = 'too_early'
       ), dispatched as (
         update orders set status = 'dispatched', dispatched_at = now()
         from payment where orders.order_id = payment.order_id and status = any(:allowedFrom)
           and not exists (select from deferred)
         returning orders.order_id
       )
       insert into order_history (order_id, what) select order_id, 'dispatched' from dispatched returning order_id`,
    { orderId, allowedFrom: [...allowedFrom.dispatch] },
  );
  return dispatched.length === 1;
});
