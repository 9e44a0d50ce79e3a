import { allowedFrom, type CancelReason } from '../../domain/order.ts';
import type { Statement } from '../../shared/statement.ts';
import { transaction } from '../transaction.ts';
import { planEmail } from './emails.ts';

/**
 * Cancels a pending order, gives its units back and tells the buyer, in one transaction with the caller's other writes;
 * an order that is not pending any more stays as it is.
 */
export async function cancelOrder(
  sql: Statement,
  order: { orderId: number; reason: CancelReason },
): Promise<void> {
  await lockStock(sql, order.orderId);
  const cancelled = await sql(
    `with cancelled as (
       update orders set status = 'cancelled', reason = :reason, cancelled_at = now()
       where order_id = :orderId and status = any(:allowedFrom)
       returning order_id
     ), released as (
       update stock set available = available + quantity
       from order_lines join cancelled using (order_id)
       where stock.product_id = order_lines.product_id
     )
     insert into order_history (order_id, what, detail)
     select order_id, 'cancelled', jsonb_build_object('reason', cast(:reason as text)) from cancelled
     returning order_id`,
    { ...order, allowedFrom: [...allowedFrom.cancel] },
  );
  if (cancelled.length === 1) {
    await planEmail(sql, { orderId: order.orderId, kind: 'order_cancelled' });
  }
}

/**
 * Reserves the units of a cancelled order once more: all of them or none.
 * @returns whether there were enough
 */
export async function reserveStockAgain(sql: Statement, orderId: number): Promise<boolean> {
  await lockStock(sql, orderId);
  const [short] = await sql(
    `select 1 from order_lines join stock using (product_id) where order_id = :orderId and available < quantity limit 1`,
    { orderId },
  );
  if (short) return false;
  await sql(
    `update stock set available = available - quantity from order_lines
     where order_id = :orderId and stock.product_id = order_lines.product_id`,
    { orderId },
  );
  return true;
}

/** Puts the units of a sold order back into stock, those that are not back already. */
export async function returnStock(sql: Statement, orderId: number): Promise<void> {
  await lockStock(sql, orderId);
  await sql(
    `with back as (
       select product_id, quantity - returned as units from order_lines where order_id = :orderId
     ), lines as (
       update order_lines set returned = quantity where order_id = :orderId
     )
     update stock set available = available + units from back where stock.product_id = back.product_id`,
    { orderId },
  );
}

// In SKU order, as every transaction locks stock, so that two of them wait for each other instead of deadlocking.
async function lockStock(sql: Statement, orderId: number): Promise<void> {
  await sql(
    `select 1 from stock join products using (product_id) join order_lines using (product_id)
     where order_id = :orderId order by sku for update of stock`,
    { orderId },
  );
}

/**
 * The last step of a dispatch: paid → dispatched. An order whose money is going back is not dispatched, nor one of which an
 * event was kept that came too early: it may tell of a refund, so it is placed first (`workflows/reconcile.ts`).
 * @returns whether this call did it; false when the order was not, or no longer, to be dispatched
 */
export const markDispatched = transaction(
  'markDispatched',
  async (sql, orderId: number): Promise<boolean> => {
    const dispatched = await sql(
      `with payment as (
         select order_id from payments where order_id = :orderId and state = 'settled' for update
       ), kept as (
         select from payment_events where order_id = :orderId and outcome = 'too_early'
       ), dispatched as (
         update orders set status = 'dispatched', dispatched_at = now()
         from payment where orders.order_id = payment.order_id and status = any(:allowedFrom)
           and not exists (select from kept)
         returning orders.order_id
       )
       insert into order_history (order_id, what) select order_id, 'dispatched' from dispatched returning order_id`,
      { orderId, allowedFrom: [...allowedFrom.dispatch] },
    );
    return dispatched.length === 1;
  },
);

/** Adds to an order's history what its statuses do not say. */
export async function remember(
  sql: Statement,
  orderId: number,
  what: 'paid_late' | 'disputed',
): Promise<void> {
  await sql('insert into order_history (order_id, what) values (:orderId, :what)', { orderId, what });
}
