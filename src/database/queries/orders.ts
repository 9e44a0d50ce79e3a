import { maxPendingOrders } from '../../domain/limits.ts';
import type { OrderEvent } from '../../domain/order.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { type OrderRow, type PaymentRow, type RefundRow, refusalsSql } from '../tables.ts';
import { type Shipment, type ShipmentJson, shipmentsOf, shipmentsSql } from './shipments.ts';

/** An order with its first product, as the tutorials' answers show it. */
export type OrderSummary = OrderRow & { productId: number };

/** An order with its payment; no payment for an order that was refused when placed. */
export type OrderWithPayment = OrderRow & {
  paymentState: PaymentRow['state'] | null;
  sessionId: string | null;
  paymentUrl: string | null;
  /** The sum of all refunds, made or promised, in minor units. */
  refundedCents: number | null;
};

/** An order as the lists of pages show it. */
export type OrderWithItems = OrderRow & {
  /** Its buyer fetches it. */
  isCollected: boolean;
  items: readonly { readonly product: string; readonly quantity: number }[];
};

export interface OrderLine {
  sku: string;
  product: string;
  image: string;
  quantity: number;
  unitPriceCents: number;
  discountCents: number;
  taxCents: number;
  /** Millionths; null where it is not taxed. */
  taxRate: number | null;
}

export interface HistoryEntry {
  historyId: string;
  at: Date;
  what: OrderEvent;
  detail: Record<string, unknown>;
}

/** SQL of whether the buyer of a row of `orders` fetches it. A missing address does not say so: it may be erased, or known elsewhere. */
export const isCollectedSql = (orders = 'orders'): string =>
  `exists (select from delivery_methods where delivery_methods.method = ${orders}.delivery_method and is_collected)`;

/** Most orders that one list shows. */
export const pageSize = 100;

/** One order by its number, with the parcels that an operator shipped. */
export async function findOrder(
  database: Database,
  orderId: number,
): Promise<(OrderSummary & { readonly shipments: readonly Shipment[] }) | undefined> {
  const [order] = await summaries(database)
    .select<(OrderSummary & { shipments: ShipmentJson[] | null })[]>(
      database.raw(`${shipmentsSql} as shipments`),
    )
    .where('orders.order_id', orderId);
  return order && { ...order, shipments: shipmentsOf(order.shipments) };
}

/** Newest orders first; `before` is the last id of the page before. */
export function listOrders(database: Database, limit: number, before?: number): Promise<OrderSummary[]> {
  const query = summaries(database).orderBy('orders.order_id', 'desc').limit(Math.min(limit, pageSize));
  return before === undefined ? query : query.where('orders.order_id', '<', before);
}

/** The one order of a checkout key, of an unguessable address (`token`), or of a payment session. */
export function findOrderBy(
  database: Database,
  column: { checkout_key: string } | { token: string } | { session_id: string },
): Promise<OrderWithPayment | undefined> {
  return withPayment(database).where(column).first();
}

/** A part of a list of orders. */
export interface OrdersPage {
  readonly orders: readonly OrderWithItems[];
  /** The number of the last of them, where older ones follow; null at the end of the list. */
  readonly olderThan: number | null;
}

/**
 * Lists the newest orders that a browser placed. Orders that were refused at once were never placed.
 * @param before the order before which they were placed; null for the newest of all
 */
export async function listOrdersOfBrowser(
  database: Database,
  browserId: string,
  before: number | null = null,
): Promise<OrdersPage> {
  const query = withItems(database)
    .where({ browser_id: browserId })
    .whereRaw(`coalesce(reason, '') not in (${refusalsSql})`)
    .limit(pageSize + 1);
  const found = await (before === null ? query : query.where('order_id', '<', before));
  const orders = found.slice(0, pageSize);
  return { orders, olderThan: found.length > pageSize ? (orders.at(-1)?.orderId ?? null) : null };
}

/** Lists the newest orders of everybody. */
export function listNewestOrders(database: Database, limit: number): Promise<OrderWithItems[]> {
  return withItems(database).limit(limit);
}

/** The time of the order with the highest number; undefined when there is none. */
export async function newestOrderAt(database: Database): Promise<Date | undefined> {
  const [newest] = await database('orders')
    .orderBy('order_id', 'desc')
    .limit(1)
    .select<{ createdAt: Date }[]>('created_at');
  return newest?.createdAt;
}

/** The fields that a browser gave last, each null where it gave none. */
export type LastBuyer = Readonly<Pick<OrderRow, 'email' | 'deliveryMethod' | 'address' | 'discountCode'>>;

/**
 * Finds the fields that a browser gave last, so that nobody types them twice.
 * @param changes the order that it changes, whose fields come first
 */
export async function lastBuyerOf(
  database: Database,
  browserId: string,
  changes: number | null,
): Promise<LastBuyer> {
  const last = (column: string) =>
    `(select ${column} from (
        (select ${column}, 1 as rank from orders where order_id = :changes and browser_id = :browserId)
        union all
        (select ${column}, 2 from orders where browser_id = :browserId and ${column} is not null
         order by order_id desc limit 1)
      ) as given where ${column} is not null order by rank limit 1) as ${column}`;
  const [buyer] = await statementsOf(database)<LastBuyer>(
    // A code may be for one order only, so that of an earlier order is not offered again.
    `select ${['email', 'delivery_method', 'address'].map(last).join(', ')},
       (select discount_code from orders where order_id = :changes and browser_id = :browserId) as discount_code`,
    { browserId, changes },
  );
  return buyer ?? { email: null, deliveryMethod: null, address: null, discountCode: null };
}

/** An order that is pending, and what its shopper has asked for. A payment session whose order is being changed has ended, or ends. */
export type PendingOrder = OrderWithPayment & {
  readonly cancelAsked: boolean;
  readonly changeAsked: boolean;
};

/** The orders of a browser that wait for their payment, newest first. */
export function listPendingOrders(database: Database, browserId: string): Promise<PendingOrder[]> {
  const last = (...names: string[]) =>
    `(select what from order_history where order_history.order_id = orders.order_id and what in ('${names.join("', '")}')
      order by history_id desc limit 1)`;
  const cancelAsked = `${last('cancel_asked')} is not null as cancel_asked`;
  const changeAsked = `coalesce(case payments.state when 'expired' then ${last('change_asked')}
    else ${last('change_asked', 'change_given_up')} end = 'change_asked', false) as change_asked`;
  return withPayment(database)
    .select<PendingOrder[]>(database.raw(cancelAsked), database.raw(changeAsked))
    .where({ browser_id: browserId, status: 'pending' })
    .orderBy('orders.order_id', 'desc')
    .limit(maxPendingOrders);
}

/** A refund, with the currency and the token of its order. */
export type RefundOfOrder = RefundRow & { currency: string; token: string };

/** Finds a refund by its number. */
export function findRefund(database: Database, refundId: number): Promise<RefundOfOrder | undefined> {
  return database('refunds')
    .join('orders', 'orders.order_id', 'refunds.order_id')
    .where('refund_id', refundId)
    .first<RefundOfOrder | undefined>('refunds.*', 'currency', 'token');
}

function summaries(database: Database) {
  const firstLine = database.raw(
    '(select min(product_id) from order_lines where order_lines.order_id = orders.order_id) as product_id',
  );
  return database('orders').select<OrderSummary[]>('orders.*', firstLine);
}

/** Newest orders first, with their items in SKU order. */
function withItems(database: Database) {
  const items = database.raw(
    `(select json_agg(json_build_object('product', product, 'quantity', quantity) order by sku)
      from order_lines join products using (product_id) where order_lines.order_id = orders.order_id) as items`,
  );
  return database('orders')
    .select<OrderWithItems[]>('orders.*', items, database.raw(`${isCollectedSql()} as is_collected`))
    .orderBy('order_id', 'desc');
}

function withPayment(database: Database) {
  return database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .select<OrderWithPayment[]>(
      'orders.*',
      'payments.state as payment_state',
      'session_id',
      'payments.url as payment_url',
      'refunded_cents',
    );
}
