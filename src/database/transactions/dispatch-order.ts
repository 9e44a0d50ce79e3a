import { allowedFrom } from '../../domain/order.ts';
import { transaction } from '../transaction.ts';

/**
 * Ships everything that is left of a paid order in one parcel and moves the order to dispatched, the only write of a dispatch. An order
 * whose money is going back is not dispatched, nor one that an operator ships, nor one with a deferred event: that event may report a
 * refund, so it is applied first (`workflows/reconcile.ts`).
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
           and fulfilment = 'automatic' and not exists (select from deferred)
         returning orders.order_id
       ), line as materialized (
         -- Locked, so that it has what an operator has shipped since this statement began.
         select order_id, product_id, shipped, quantity - shipped - stopped as left_units
         from dispatched join order_lines using (order_id) for update of order_lines
       ), shipment as (
         insert into shipments (order_id, actor)
         select order_id, 'dispatch' from dispatched where exists (select from line where left_units > 0)
         returning shipment_id, order_id
       ), contents as (
         insert into shipment_lines (shipment_id, order_id, product_id, quantity)
         select shipment_id, order_id, product_id, left_units from shipment join line using (order_id) where left_units > 0
       ), lines as (
         update order_lines set shipped = line.shipped + left_units
         from line where order_lines.order_id = line.order_id and order_lines.product_id = line.product_id
       )
       insert into order_history (order_id, what) select order_id, 'dispatched' from dispatched returning order_id`,
    { orderId, allowedFrom: [...allowedFrom.dispatch] },
  );
  return dispatched.length === 1;
});
