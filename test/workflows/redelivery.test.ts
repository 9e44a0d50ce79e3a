import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, pay, placeOrder, readStatus, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A checkout that waits for its payment does not look for itself: it is woken, and a wake-up that was lost is repeated.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
  await shop.database.raw('create extension if not exists pg_stat_statements');
});

afterAll(() => shop.close());

/** Sends a message and drops its wake-up, as when the shop has lost its connection. */
async function sendUnheard(key: string, body: object): Promise<void> {
  await shop.database.transaction(async (trx) => {
    await trx.raw('set local session_replication_role = replica');
    await trx.raw("select dbos.send_message(?, cast(? as json), 'payment', ?)", [
      `checkout-${key}`,
      JSON.stringify(body),
      `unheard-${key}`,
    ]);
  });
}

async function callsOf(pattern: string): Promise<number> {
  const { rows } = await shop.database.raw<{ rows: { calls: number }[] }>(
    `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and query like ?`,
    [pattern],
  );
  return rows[0]?.calls ?? Number.NaN;
}

const sweeps = 'select pg_notify(%destination_uuid%';
const looks = 'SELECT topic FROM "dbos".notifications%';

/** Places orders, and waits until their checkouts have looked once and gone to sleep. */
async function placeWaiting(count: number): Promise<TestOrder[]> {
  const before = await callsOf(looks);
  const orders = await Promise.all(Array.from({ length: count }, () => placeOrder(shop)));
  await waitFor(
    'every checkout to wait',
    () => callsOf(looks),
    (calls) => calls >= before + count,
  );
  return orders;
}

test('a word that nobody heard is heard within seconds', async () => {
  const [order] = await placeWaiting(1);
  if (!order) throw new Error('There is no order.');
  await sendUnheard(order.key, { cancel: true });
  await becomes(shop, order, { status: 'cancelled' });
  expect(await readStatus(shop, order)).toMatchObject({ reason: 'cancelled_by_shopper' });
});

test('a checkout whose hold is over is told, and has kept no time of its own', async () => {
  const [order] = await placeWaiting(1);
  if (!order) throw new Error('There is no order.');
  await shop.database('orders').where({ order_id: order.order_id }).update({ hold_expires_at: new Date() });
  await becomes(shop, order, { status: 'cancelled' });
  expect(await readStatus(shop, order)).toMatchObject({ reason: 'hold_expired' });
  const steps = await shop
    .database('dbos.operation_outputs')
    .where({ workflow_uuid: `checkout-${order.key}` })
    .orderBy('function_id')
    .pluck('function_name');
  expect(steps).toEqual(['openCheckout', 'DBOS.recv', 'endPaymentSession', 'settleOrCancel']);
});

test('whoever waits asks the database nothing meanwhile, and is still there when the payment comes', async () => {
  const orders = await placeWaiting(20);
  const before = { sweeps: await callsOf(sweeps), looks: await callsOf(looks) };
  await waitFor(
    'two more sweeps',
    () => callsOf(sweeps),
    (calls) => calls >= before.sweeps + 2,
  );
  expect(await callsOf(looks)).toBe(before.looks);
  const [order] = orders;
  if (!order) throw new Error('There is no order.');
  await pay(shop, order);
  await becomes(shop, order, { status: 'paid', state: 'settled' });
});
