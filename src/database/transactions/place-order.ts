import { randomBytes } from 'node:crypto';
import { type CancelReason, type Item, orderTotal } from '../../domain/order.ts';
import type { Statement } from '../../shared/statement.ts';
import { findExistingOrder } from './find-existing-order.ts';

/** What a shopper asked for. `shownCents` is the total that the page showed, or null. */
export interface OrderRequest {
  readonly checkoutKey: string;
  readonly requestHash: string;
  readonly items: readonly Item[];
  readonly email: string | null;
  /** The browser that asked, so that it finds its order again; null for a program. */
  readonly browserId: string | null;
  readonly shownCents: number | null;
  readonly holdSeconds: number;
}

/** The same with the HTTP request that asked. */
export interface Placement {
  readonly order: OrderRequest;
  readonly requestId: string;
}

type Request = OrderRequest & { readonly requestId: string };

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

/** A line that is asked for, and what is there of its product. */
export interface StockLine extends PlacedLine {
  readonly productId: number;
  readonly currency: string;
  readonly available: number;
}

/**
 * Prices the lines from our catalogue and reserves all of them or none.
 * An order that cannot be placed is recorded as cancelled, so that its key gets the same answer for ever. Each statement is
 * whole by itself, so it may run outside a transaction, and again: the same request finds what it has placed.
 */
export async function placeOrder(sql: Statement, placing: Placement): Promise<PlacedOutcome> {
  const request = { ...placing.order, requestId: placing.requestId };
  const { lines, placed } = await reserve(sql, request);
  if (placed) return { outcome: 'placed', order: placed };
  const refusal = await refuseOrder(sql, placing, lines);
  return refusal ? { outcome: 'refused', reason: refusal } : findExistingOrder(sql, request);
}

interface Reserved {
  readonly lines: StockLine[];
  readonly orderId: number | null;
  readonly totalCents: number;
  readonly holdExpiresAt: number;
}

/** Places the order if every line is there at the price that was shown; otherwise changes nothing and tells what is there. */
async function reserve(
  sql: Statement,
  request: Request,
): Promise<{ lines: readonly StockLine[]; placed: PlacedOrder | undefined }> {
  const token = randomBytes(bytesOfToken).toString('base64url');
  const [reserved] = await sql<Reserved>(reservation, {
    ...orderBindings(request, token),
    items: JSON.stringify(request.items),
    shown: request.shownCents,
    holdSeconds: request.holdSeconds,
  });
  const lines = reserved?.lines ?? [];
  // Products are never deleted, and the route has looked the SKUs up.
  if (!reserved || lines.length !== request.items.length) throw new Error('A product is unknown.');
  if (reserved.orderId === null) return { lines, placed: undefined };
  const { orderId, totalCents, holdExpiresAt } = reserved;
  const placed = {
    orderId,
    token,
    email: request.email,
    totalCents,
    currency: currencyOf(lines),
    lines: lines.map(({ sku, product, qty, unitPriceCents }) => ({ sku, product, qty, unitPriceCents })),
    holdExpiresAt,
  };
  return { lines, placed };
}

// Rows are locked in SKU order, so that two orders with the same products wait for each other instead of deadlocking. What is
// read under the lock is the newest, and so is what the update takes from: it follows a row that changed meanwhile.
const reservation = `
  with line as materialized (
    select product_id, sku, product, qty, price_cents, currency, available
    from json_to_recordset(cast(:items as json)) as item (sku text, qty integer)
    join products using (sku) join stock using (product_id)
    order by sku for update of stock
  ), order_total as (
    select sum(qty * price_cents) as cents, min(currency) as currency,
           count(*) = json_array_length(cast(:items as json)) and bool_and(available >= qty) as enough
    from line
  ), placed as (
    insert into orders (checkout_key, request_hash, token, browser_id, request_id, status, email, total_cents, currency,
                        hold_expires_at)
    select :key, :hash, :token, :browserId, :requestId, 'pending', :email, cents, currency,
           now() + cast(:holdSeconds as double precision) * interval '1 second'
    from order_total where enough and cents = coalesce(cast(:shown as integer), cents)
    on conflict (checkout_key) do nothing
    returning order_id, total_cents, currency, hold_expires_at
  ), lines as (
    insert into order_lines (order_id, product_id, quantity, unit_price_cents)
    select order_id, product_id, qty, price_cents from placed cross join line
  ), reserved as (
    update stock set available = stock.available - qty
    from placed cross join line where stock.product_id = line.product_id
  ), payment as (
    insert into payments (order_id, state, amount_cents, currency)
    select order_id, 'creating', total_cents, currency from placed
  ), history as (
    insert into order_history (order_id, what) select order_id, 'placed' from placed
  )
  select order_id, total_cents,
    cast(round(extract(epoch from hold_expires_at) * 1000) as double precision) as hold_expires_at,
    (select json_agg(json_build_object(
       'productId', product_id, 'sku', sku, 'product', product, 'qty', qty,
       'unitPriceCents', price_cents, 'currency', currency, 'available', available
     ) order by sku) from line) as lines
  from (select) as always left join placed on true`;

/**
 * Records an order that is not placed, with what is there of its products, unless its key is used already.
 * @returns the reason, when it was recorded
 */
export async function refuseOrder(
  sql: Statement,
  placing: Placement,
  lines: readonly StockLine[],
): Promise<CancelReason | undefined> {
  const request = { ...placing.order, requestId: placing.requestId };
  const refusal = refusalOf(request, lines);
  const refused = await sql(
    `with line as (select product_id, quantity, unit_price_cents from ${lineRows}),
     refused as (
       insert into orders (checkout_key, request_hash, token, browser_id, request_id, status, reason, email, total_cents, currency,
                           hold_expires_at, cancelled_at)
       values (:key, :hash, :token, :browserId, :requestId, 'cancelled', :reason, :email, :total, :currency, now(), now())
       on conflict (checkout_key) do nothing
       returning order_id
     ), lines as (
       insert into order_lines (order_id, product_id, quantity, unit_price_cents)
       select order_id, product_id, quantity, unit_price_cents from refused cross join line
     )
     insert into order_history (order_id, what, detail)
     select order_id, 'cancelled', cast(:detail as jsonb) from refused returning order_id`,
    {
      ...orderBindings(request, randomBytes(bytesOfToken).toString('base64url')),
      lines: JSON.stringify(
        lines.map((line) => ({
          product_id: line.productId,
          quantity: line.qty,
          unit_price_cents: line.unitPriceCents,
        })),
      ),
      total: orderTotal(lines),
      currency: currencyOf(lines),
      reason: refusal.reason,
      detail: JSON.stringify(refusal),
    },
  );
  return refused.length === 1 ? refusal.reason : undefined;
}

/** Why an order was not placed, with what its shopper is told. */
function refusalOf(request: Request, lines: readonly StockLine[]) {
  const short = lines.filter((line) => line.available < line.qty);
  if (short.length === 0) {
    return { reason: 'price_changed', shown: request.shownCents, total: orderTotal(lines) } as const;
  }
  const missing = short.map(({ sku, qty, available }) => ({ sku, wanted: qty, available }));
  return { reason: 'out_of_stock', lines: missing } as const;
}

const lineRows = `json_to_recordset(cast(:lines as json))
  as line (product_id integer, quantity integer, unit_price_cents integer)`;

const bytesOfToken = 16;

function orderBindings(request: Request, token: string) {
  return {
    key: request.checkoutKey,
    hash: request.requestHash,
    token,
    email: request.email,
    browserId: request.browserId,
    requestId: request.requestId,
  };
}

// A route lets nobody order in two currencies at once.
function currencyOf(lines: readonly StockLine[]): string {
  return lines[0]?.currency ?? 'USD';
}
