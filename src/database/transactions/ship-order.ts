import { allowedFrom } from '../../domain/order.ts';
import {
  decideShipment,
  type LineProgress,
  type RefusedShipment,
  type ShipmentRequest,
  type ShippedItem,
} from '../../domain/shipment.ts';
import { inTransaction, lockName, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { type Shipment, shipmentColumns } from '../queries/shipments.ts';
import { planEmail } from './emails.ts';
import { lockPayment } from './lock-payment.ts';

/**
 * Records a parcel that an operator has handed over, and plans the message about it, in one commit. With the last units, the order is
 * dispatched. A repetition with the same key changes nothing.
 * @returns the parcel, or the reason for the refusal
 */
export function shipOrder(database: Database, request: ShipmentRequest): Promise<Shipment | RefusedShipment> {
  return inTransaction(database, async (sql) => {
    const { orderId, requestKey } = request;
    await lockName(sql, requestKey);
    const payment = await lockPayment(sql, orderId);
    if (!payment) return { refused: 'unknown_order', lines: [] };
    const asked = requestText(request);
    const known = await findByKey(sql, requestKey);
    if (known) {
      const isReplay = known.orderId === orderId && known.request === asked;
      return isReplay ? known : { refused: 'key_reused', lines: [] };
    }
    const lines = await sql<LineProgress>(
      'select product_id, quantity, shipped, stopped from order_lines where order_id = :orderId order by product_id for update',
      { orderId },
    );
    const items = decideShipment(request.items, payment, lines, await hasDeferredEvent(sql, orderId));
    if ('refused' in items) return items;
    const shipmentId = await insertShipment(sql, request, asked, items);
    await dispatchWhenShipped(sql, orderId);
    await planEmail(sql, { orderId, kind: 'shipped', shipmentId });
    const shipment = await findByKey(sql, requestKey);
    if (!shipment) throw new Error(`The parcel of order ${orderId} was not inserted.`);
    return shipment;
  });
}

function requestText({ items, carrier, trackingNumber, link }: ShipmentRequest): string {
  return JSON.stringify([items ?? null, carrier, trackingNumber, link]);
}

async function findByKey(
  sql: Statement,
  requestKey: string,
): Promise<(Shipment & { readonly request: string | null }) | undefined> {
  const [known] = await sql<Shipment & { readonly request: string | null }>(
    `select ${shipmentColumns}, request from shipments where request_key = :requestKey`,
    { requestKey },
  );
  return known;
}

async function hasDeferredEvent(sql: Statement, orderId: number): Promise<boolean> {
  const [deferred] = await sql(
    `select from payment_events where order_id = :orderId and outcome = 'too_early' limit 1`,
    { orderId },
  );
  return deferred !== undefined;
}

/** @throws when a line has fewer units left than the parcel, which the lock rules out */
async function insertShipment(
  sql: Statement,
  request: ShipmentRequest,
  asked: string,
  items: readonly ShippedItem[],
): Promise<number> {
  const { orderId, carrier, trackingNumber, link, actor, requestKey } = request;
  const [inserted] = await sql<{ shipmentId: number; lines: number }>(
    `with item as materialized (
       select "productId" as product_id, quantity as units
       from json_to_recordset(cast(:items as json)) as item ("productId" integer, quantity integer)
     ), shipment as (
       insert into shipments (order_id, carrier, tracking_number, link, actor, request_key, request)
       values (:orderId, :carrier, :trackingNumber, :link, :actor, :requestKey, :asked)
       returning shipment_id, order_id
     ), contents as (
       insert into shipment_lines (shipment_id, order_id, product_id, quantity)
       select shipment_id, order_id, product_id, units from shipment cross join item
     ), shipped as (
       update order_lines set shipped = shipped + units from item
       where order_id = :orderId and order_lines.product_id = item.product_id and shipped + stopped + units <= quantity
       returning order_lines.product_id
     ), history as (
       insert into order_history (order_id, what, detail)
       select order_id, 'shipped', jsonb_build_object('shipment_id', shipment_id) from shipment
     )
     select shipment_id, (select cast(count(*) as integer) from shipped) as lines from shipment`,
    { orderId, carrier, trackingNumber, link, actor, requestKey, asked, items: JSON.stringify(items) },
  );
  if (inserted?.lines !== items.length) throw new Error(`Order ${orderId} has not as much left to ship.`);
  return inserted.shipmentId;
}

/**
 * Stops units that are refunded before they are shipped, in the caller's transaction, which has locked the payment. An order that has
 * nothing left to ship after that, and that keeps a part of its payment, is dispatched.
 * @param items how many of which products at most; undefined for all that are not shipped
 */
export async function stopShipping(
  sql: Statement,
  orderId: number,
  items?: readonly ShippedItem[],
): Promise<void> {
  await sql(
    `update order_lines set stopped = stopped + least(quantity - shipped - stopped, case
       when cast(:items as json) is null then quantity
       else coalesce((
         select sum(item.quantity) from json_to_recordset(cast(:items as json)) as item ("productId" integer, quantity integer)
         where item."productId" = order_lines.product_id
       ), 0)
     end)
     where order_id = :orderId`,
    { orderId, items: items ? JSON.stringify(items) : null },
  );
  await dispatchWhenShipped(sql, orderId);
}

/** Moves an order of which nothing is left to ship from paid to dispatched, unless all of its money is going back. */
async function dispatchWhenShipped(sql: Statement, orderId: number): Promise<void> {
  await sql(
    `with dispatched as (
       update orders set status = 'dispatched', dispatched_at = now(), nothing_sent = not exists (
         select from order_lines where order_lines.order_id = orders.order_id and shipped > 0
       ) from payments
       where orders.order_id = :orderId and payments.order_id = orders.order_id and state = 'settled' and status = any(:allowedFrom)
         and not exists (
           select from order_lines where order_lines.order_id = orders.order_id and shipped + stopped < quantity
         )
       returning orders.order_id
     )
     insert into order_history (order_id, what) select order_id, 'dispatched' from dispatched`,
    { orderId, allowedFrom: [...allowedFrom.dispatch] },
  );
}
