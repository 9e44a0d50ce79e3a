import { createHash, randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { createProviderCall } from '../provider-call.ts';
import { type Store, serve } from '../server.ts';
import { readSettings } from '../settings.ts';
import { run } from './statements.ts';

// The same routes, stock rule and rows with no durable engine at all: the floor. A key that comes again is refused, an
// order whose provider does not answer stays as it is, and a process that dies forgets what it had to dispatch.

const poolSize = 20;
const bytesOfToken = 16;

const settings = readSettings(process.env);
if (settings.providerUrl === undefined) throw new Error('Every checkout calls the provider.');
const openSession = createProviderCall(settings.providerUrl);
const pool = new pg.Pool({ connectionString: settings.databaseUrl, max: poolSize });

// The shop's tables tell its open pages of every change. Here are no pages.
for (const table of ['orders', 'order_lines', 'payments', 'payment_events', 'order_history']) {
  await pool.query(`alter table ${table} disable trigger user`);
}

const store: Store = {
  checkOut: async (key, { sku, qty }) => {
    const hash = createHash('sha256')
      .update(JSON.stringify([sku, qty]))
      .digest('hex');
    const token = randomBytes(bytesOfToken).toString('base64url');
    const [order] = await run<{ orderId: number; priceCents: number; currency: string }>(
      pool,
      'reserveAndPlace',
      [key, sku, qty, hash, token],
    );
    if (!order) return undefined;
    const { orderId, priceCents, currency } = order;
    const session = await openSession({ reference: String(orderId), quantity: qty, priceCents, currency });
    await run(pool, 'openPayment', [orderId, session.id, session.url]);
    return session.id;
  },
  acceptPayment: async (event) => {
    const session = event.data.object;
    const [paid] = await run<{ orderId: number }>(pool, 'settle', [
      event.id,
      event.type,
      event,
      Number(session.client_reference_id),
      session.id,
      session.amount_total,
      session.payment_intent,
      settings.dispatchMs,
    ]);
    if (!paid) return;
    // An update that fails ends the process, and the benchmark with it.
    setTimeout(() => void run(pool, 'dispatch', [paid.orderId]), settings.dispatchMs);
  },
  listProducts: async () => {
    const { rows } = await pool.query<{ sku: string; available: number }>(
      'select sku, available from products join stock using (product_id) order by product_id',
    );
    return rows;
  },
  restock: async (sku, quantity) => {
    await run(pool, 'restock', [sku, quantity, `${randomUUID()} ${sku}`]);
  },
};

await serve(store, settings);
