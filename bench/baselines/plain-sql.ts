import { createHash, randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { createProviderCall, type Operations, readSettings, serve } from './common.ts';

// The shop's routes, rows and stock rule without a durable engine: the lower bound of the work. It refuses a repeated
// key, leaves an order as it is when the provider does not answer, and forgets its dispatches when it dies.
// Each verb is one statement and one transaction.

const reserveAndPlace = `
  with reserved as (
    update stock set available = available - $3
    from products where products.product_id = stock.product_id and sku = $2 and available >= $3
    returning products.product_id, price_cents, currency
  ), placed as (
    insert into orders (checkout_key, request_hash, token, request_id, status, subtotal_cents, total_cents, currency, hold_expires_at)
    select $1, $4, $5, $1, 'pending', price_cents * $3, price_cents * $3, currency, now() + interval '1 hour' from reserved
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

const poolSize = 20;
const bytesOfToken = 16;

const settings = readSettings(process.env);
if (settings.providerUrl === undefined) throw new Error('Every checkout calls the provider.');
const openSession = createProviderCall(settings.providerUrl);
const pool = new pg.Pool({ connectionString: settings.databaseUrl, max: poolSize });

/** Runs a statement, which each connection prepares once. @returns its rows. */
async function run<Row extends pg.QueryResultRow>(
  name: keyof typeof statements,
  values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await pool.query<Row>({ name, text: statements[name], values: [...values] });
  return rows;
}

// The shop's triggers notify open pages of changes. This store has no pages.
for (const table of ['orders', 'order_lines', 'payments', 'payment_events', 'order_history']) {
  await pool.query(`alter table ${table} disable trigger user`);
}

type PricedOrder = { readonly orderId: number; readonly priceCents: number; readonly currency: string };

const operations: Operations = {
  checkOut: async (key, { sku, qty }) => {
    const request = JSON.stringify([sku, qty]);
    const hash = createHash('sha256').update(request).digest('hex');
    const token = randomBytes(bytesOfToken).toString('base64url');
    const values = [key, sku, qty, hash, token];
    const [order] = await run<PricedOrder>('reserveAndPlace', values);
    if (!order) return undefined;
    const { orderId, priceCents, currency } = order;
    const session = await openSession({ reference: String(orderId), quantity: qty, priceCents, currency });
    await run('openPayment', [orderId, session.id, session.url]);
    return session.id;
  },
  acceptPayment: async (event) => {
    const { client_reference_id, id, amount_total, payment_intent } = event.data.object;
    const eventValues = [event.id, event.type, event, Number(client_reference_id)];
    const values = [...eventValues, id, amount_total, payment_intent, settings.dispatchMs];
    const [paid] = await run<{ orderId: number }>('settle', values);
    if (!paid) return;
    // A statement that fails ends the process, and the benchmark with it.
    setTimeout(() => void run('dispatch', [paid.orderId]), settings.dispatchMs);
  },
  listProducts: async () => {
    const { rows } = await pool.query<{ sku: string; available: number }>(
      'select sku, available from products join stock using (product_id) order by product_id',
    );
    return rows;
  },
  restock: async (sku, quantity) => {
    await run('restock', [sku, quantity, `${randomUUID()} ${sku}`]);
  },
};

await serve(operations, settings);
