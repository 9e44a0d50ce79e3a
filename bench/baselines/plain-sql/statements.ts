import type pg from 'pg';

// One statement a verb, each a transaction of its own, on the shop's own tables.

/** Numbered parameters in the order in which the callers below give them. */
const reserveAndPlace = `
  with reserved as (
    update stock set available = available - $3
    from products where products.product_id = stock.product_id and sku = $2 and available >= $3
    returning products.product_id, price_cents, currency
  ), placed as (
    insert into orders (checkout_key, request_hash, token, request_id, status, total_cents, currency, hold_expires_at)
    select $1, $4, $5, $1, 'pending', price_cents * $3, currency, now() + interval '1 hour' from reserved
    returning order_id, total_cents, currency
  ), line as (
    insert into order_lines (order_id, product_id, quantity, unit_price_cents)
    select order_id, product_id, $3, price_cents from placed cross join reserved
  ), payment as (
    insert into payments (order_id, state, amount_cents, currency)
    select order_id, 'creating', total_cents, currency from placed
  ), history as (
    insert into order_history (order_id, what) select order_id, 'placed' from placed
  )
  select order_id as "orderId", price_cents as "priceCents", placed.currency from placed cross join reserved`;

const openPayment = `
  update payments set state = 'open', session_id = $2, url = $3, updated_at = now()
  where order_id = $1 and state = 'creating'`;

const settle = `
  with event as (
    insert into payment_events (event_id, type, body, outcome, order_id) values ($1, $2, $3, 'applied', $4)
    on conflict do nothing returning order_id
  ), paid as (
    update payments set state = 'settled', transaction_id = $7, updated_at = now()
    from event
    where payments.order_id = event.order_id and state = 'open' and session_id = $5 and amount_cents = $6
    returning payments.order_id
  ), ordered as (
    update orders set status = 'paid', paid_at = now(), dispatch_due_at = now() + $8 * interval '1 millisecond'
    from paid where orders.order_id = paid.order_id and status = 'pending'
    returning orders.order_id
  ), history as (
    insert into order_history (order_id, what) select order_id, 'paid' from ordered
  )
  select order_id as "orderId" from ordered`;

const dispatch = `
  with dispatched as (
    update orders set status = 'dispatched', dispatched_at = now() where order_id = $1 and status = 'paid'
    returning order_id
  )
  insert into order_history (order_id, what) select order_id, 'dispatched' from dispatched`;

const restock = `
  with supplied as (
    insert into supply (product_id, quantity, reason, actor, request_key)
    select product_id, $2, 'benchmark', 'benchmark', $3 from products where sku = $1
    returning product_id, quantity
  )
  update stock set available = available + quantity from supplied where stock.product_id = supplied.product_id`;

const statements = { reserveAndPlace, openPayment, settle, dispatch, restock } as const;

/** Runs one of them, prepared once on each connection. @returns its rows. */
export async function run<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  name: keyof typeof statements,
  values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await pool.query<Row>({ name, text: statements[name], values: [...values] });
  return rows;
}
