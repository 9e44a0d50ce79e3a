import type { ShippedItem } from '../../domain/shipment.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import type { OrderRow, ShipmentRow } from '../tables.ts';

/** A parcel that an operator shipped, with its contents in SKU order. */
export type Shipment = Omit<ShipmentRow, 'actor' | 'requestKey' | 'request'> & {
  readonly items: readonly (ShippedItem & { readonly product: string })[];
};

/** SQL of the contents of a row of `shipments`. */
const itemsSql = `(
  select json_agg(json_build_object('productId', product_id, 'product', product, 'quantity', shipment_lines.quantity) order by sku)
  from shipment_lines join products using (product_id)
  where shipment_lines.order_id = shipments.order_id and shipment_lines.shipment_id = shipments.shipment_id
)`;

/** SQL of the columns of a `Shipment`, for a row of `shipments`. */
export const shipmentColumns = `shipments.shipment_id, shipments.order_id, carrier, tracking_number, link, shipped_at, ${itemsSql} as items`;

/** A parcel in JSON of Postgres, whose time is a text. */
export type ShipmentJson = Omit<Shipment, 'shippedAt'> & { readonly shippedAt: string };

/** SQL of the JSON of the parcels of a row of `orders`, oldest first; null without any. */
export const shipmentsSql = `(
  select json_agg(json_build_object(
    'shipmentId', shipment_id, 'orderId', order_id, 'carrier', carrier, 'trackingNumber', tracking_number, 'link', link,
    'shippedAt', shipped_at, 'items', ${itemsSql}
  ) order by shipment_id)
  from shipments where shipments.order_id = orders.order_id and request_key is not null
)`;

/** Reads what `shipmentsSql` selects. */
export function shipmentsOf(json: readonly ShipmentJson[] | null): Shipment[] {
  return (json ?? []).map((shipment) => ({ ...shipment, shippedAt: new Date(shipment.shippedAt) }));
}

/** Finds a parcel of an operator by its number, with the token of its order. */
export async function findShipment(
  database: Database,
  shipmentId: number,
): Promise<(Shipment & Pick<OrderRow, 'token' | 'status'>) | undefined> {
  const [found] = await statementsOf(database)<Shipment & Pick<OrderRow, 'token' | 'status'>>(
    `select ${shipmentColumns}, token, status from shipments join orders on orders.order_id = shipments.order_id
     where shipment_id = :shipmentId and request_key is not null`,
    { shipmentId },
  );
  return found;
}

/** Most orders that the list of those to ship shows. */
const waitingAtMost = 20;

/** An order that waits for an operator to ship it, and what is left of it. */
export interface OrderToShip
  extends Pick<OrderRow, 'orderId' | 'token' | 'fulfilment' | 'deliveryName' | 'address'> {
  /** By when it is to be shipped. */
  readonly dispatchDueAt: Date;
  readonly lines: readonly { readonly productId: number; readonly product: string; readonly left: number }[];
}

const toShip = `orders join payments on payments.order_id = orders.order_id
  where status = 'paid' and state = 'settled'`;

const orderToShip = `
  select orders.order_id, token, fulfilment, delivery_name, address, dispatch_due_at, (
    select json_agg(json_build_object('productId', product_id, 'product', product, 'left', quantity - shipped - stopped) order by sku)
    from order_lines join products using (product_id)
    where order_lines.order_id = orders.order_id and quantity > shipped + stopped
  ) as lines
  from ${toShip}`;

/** The most urgent orders that wait for an operator to ship them, and how many there are. */
export interface OrdersToShip {
  readonly orders: readonly OrderToShip[];
  readonly inAll: number;
}

/** Lists the orders that wait for an operator to ship them, the most urgent first. */
export async function listOrdersToShip(database: Database): Promise<OrdersToShip> {
  const sql = statementsOf(database);
  const orders = await sql<OrderToShip>(
    `${orderToShip} and fulfilment = 'manual' order by dispatch_due_at, orders.order_id limit :atMost`,
    { atMost: waitingAtMost },
  );
  if (orders.length < waitingAtMost) return { orders, inAll: orders.length };
  const [count] = await sql<{ inAll: number }>(
    `select cast(count(*) as integer) as in_all from ${toShip} and fulfilment = 'manual'`,
    {},
  );
  return { orders, inAll: count?.inAll ?? orders.length };
}

/** Finds an order of which something is left to ship. */
export async function findOrderToShip(database: Database, orderId: number): Promise<OrderToShip | undefined> {
  const [found] = await statementsOf(database)<OrderToShip>(`${orderToShip} and orders.order_id = :orderId`, {
    orderId,
  });
  return found;
}
