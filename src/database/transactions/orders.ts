import { randomBytes } from 'node:crypto';
import { type CancelReason, type Item, orderTotal } from '../../domain/order.ts';
import type { Statement } from '../statement.ts';
import { transaction } from '../transaction.ts';

/** What a shopper asked for. `shownCents` is the total that the page showed, or null. */
export interface OrderRequest {
  readonly checkoutKey: string;
  readonly requestHash: string;
  readonly items: readonly Item[];
  readonly email: string | null;
  /** The browser that asked, so that it finds its order again. An order that was in flight before this was known has none. */
  readonly browserId?: string | null;
  readonly shownCents: number | null;
  readonly holdSeconds: number;
}

export interface PlacedLine {
  readonly sku: string;
  readonly product: string;
  readonly qty: number;
  readonly unitPriceCents: number;
}

export interface PlacedOrder {
  readonly orderId: number;
  readonly token: string;
  readonly email: string | null;
  readonly totalCents: number;
  readonly currency: string;
  readonly lines: readonly PlacedLine[];
  /** Milliseconds since 1970. */
  readonly holdExpiresAt: number;
}

export type PlacedOutcome =
  | { readonly outcome: 'placed'; readonly order: PlacedOrder }
  | { readonly outcome: 'refused'; readonly reason: CancelReason }
  | { readonly outcome: 'exists' };

interface StockLine extends PlacedLine {
  readonly productId: number;
  readonly currency: string;
  readonly available: number;
}

/**
 * Step 1 of the checkout story (DESIGN §7): prices the lines from our catalogue and reserves all of them or none.
 * An order that cannot be placed is recorded as cancelled, so that its key gets the same answer for ever.
 */
export const placeOrder = transaction(
  'placeOrder',
  async (sql, request: OrderRequest): Promise<PlacedOutcome> => {
    const [known] = await sql('select order_id from orders where checkout_key = :key', {
      key: request.checkoutKey,
    });
    if (known) return { outcome: 'exists' };
    const lines = await lockStock(sql, request.items);
    const short = lines.filter((line) => line.available < line.qty);
    if (short.length > 0) {
      const missing = short.map(({ sku, qty, available }) => ({ sku, wanted: qty, available }));
      return refuse(sql, request, lines, 'out_of_stock', { lines: missing });
    }
    const totalCents = orderTotal(lines);
    if (request.shownCents !== null && request.shownCents !== totalCents) {
      return refuse(sql, request, lines, 'price_changed', { shown: request.shownCents, total: totalCents });
    }
    return { outcome: 'placed', order: await reserve(sql, request, lines) };
  },
);

// Rows are locked in SKU order, so that two orders with the same products wait for each other instead of deadlocking.
async function lockStock(sql: Statement, items: readonly Item[]): Promise<StockLine[]> {
  const rows = await sql<Omit<StockLine, 'qty'>>(
    `select product_id as "productId", sku, product, price_cents as "unitPriceCents", currency, available
     from products join stock using (product_id)
     where sku = any(:skus) order by sku for update of stock`,
    { skus: items.map((item) => item.sku) },
  );
  return items.map((item) => {
    const row = rows.find(({ sku }) => sku === item.sku);
    // Products are never deleted, and the route has looked the SKU up.
    if (!row) throw new Error(`There is no product ${item.sku}.`);
    return { ...row, qty: item.qty };
  });
}

async function reserve(
  sql: Statement,
  request: OrderRequest,
  lines: readonly StockLine[],
): Promise<PlacedOrder> {
  const bindings = orderBindings(request, lines);
  const [placed] = await sql<{ orderId: number; holdExpiresAt: number }>(
    `with line as (select * from ${lineRows}),
     placed as (
       insert into orders (checkout_key, request_hash, token, browser_id, status, email, total_cents, currency,
                           hold_expires_at)
       values (:key, :hash, :token, :browserId, 'pending', :email, :total, :currency,
               now() + cast(:holdSeconds as double precision) * interval '1 second')
       returning order_id, hold_expires_at
     ), lines as (
       insert into order_lines (order_id, product_id, quantity, unit_price_cents)
       select order_id, product_id, quantity, unit_price_cents from placed cross join line
     ), reserved as (
       update stock set available = available - quantity from line where stock.product_id = line.product_id
     ), payment as (
       insert into payments (order_id, state, amount_cents, currency)
       select order_id, 'creating', :total, :currency from placed
     ), history as (
       insert into order_history (order_id, what) select order_id, 'placed' from placed
     )
     select order_id as "orderId", cast(extract(epoch from hold_expires_at) * 1000 as double precision) as "holdExpiresAt"
     from placed`,
    { ...bindings, holdSeconds: request.holdSeconds },
  );
  if (!placed) throw new Error('The order was not inserted.');
  return {
    orderId: placed.orderId,
    token: bindings.token,
    email: request.email,
    totalCents: bindings.total,
    currency: bindings.currency,
    lines: lines.map(({ sku, product, qty, unitPriceCents }) => ({ sku, product, qty, unitPriceCents })),
    holdExpiresAt: Math.round(placed.holdExpiresAt),
  };
}

async function refuse(
  sql: Statement,
  request: OrderRequest,
  lines: readonly StockLine[],
  reason: CancelReason,
  detail: object,
): Promise<PlacedOutcome> {
  await sql(
    `with line as (select * from ${lineRows}),
     refused as (
       insert into orders (checkout_key, request_hash, token, browser_id, status, reason, email, total_cents, currency,
                           hold_expires_at, cancelled_at)
       values (:key, :hash, :token, :browserId, 'cancelled', :reason, :email, :total, :currency, now(), now())
       returning order_id
     ), lines as (
       insert into order_lines (order_id, product_id, quantity, unit_price_cents)
       select order_id, product_id, quantity, unit_price_cents from refused cross join line
     )
     insert into order_history (order_id, what, detail)
     select order_id, 'cancelled', cast(:detail as jsonb) from refused`,
    { ...orderBindings(request, lines), reason, detail: JSON.stringify({ reason, ...detail }) },
  );
  return { outcome: 'refused', reason };
}

const lineRows = `json_to_recordset(cast(:lines as json))
  as line (product_id integer, quantity integer, unit_price_cents integer)`;

const bytesOfToken = 16;

function orderBindings(request: OrderRequest, lines: readonly StockLine[]) {
  return {
    key: request.checkoutKey,
    hash: request.requestHash,
    token: randomBytes(bytesOfToken).toString('base64url'),
    email: request.email,
    browserId: request.browserId ?? null,
    total: orderTotal(lines),
    currency: lines[0]?.currency ?? 'USD',
    lines: JSON.stringify(
      lines.map((line) => ({
        product_id: line.productId,
        quantity: line.qty,
        unit_price_cents: line.unitPriceCents,
      })),
    ),
  };
}
