import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, pay, placeOrder, readStatus, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A checkout that waits for its payment does not poll: a message wakes it, and a lost notification is repeated.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
  await shop.database.raw('create extension if not exists pg_stat_statements');
});

afterAll(() => shop.close());

/** Sends a message without its notification, as when the shop has lost its connection. */
async function sendWithoutNotification(key: string, body: object): Promise<void> {
  await shop.database.transaction(async (trx) => {
    await trx.raw('set local session_replication_role = replica');
    await trx.raw("select dbos.send_message(?, cast(? as json), 'payment', ?)", [
      `checkout-${key}`,
      JSON.stringify(body),
      `unnotified-${key}`,
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

/** Places orders, and waits until their checkouts have read once and wait. */
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

test('a message without its notification arrives within seconds', async () => {
  const [order] = await placeWaiting(1);
  if (!order) throw new Error('There is no order.');
  await sendWithoutNotification(order.key, { cancel: true });
  await becomes(shop, order, { status: 'cancelled' });
  expect(await readStatus(shop, order)).toMatchObject({ reason: 'cancelled_by_shopper' });
});

test('a checkout is notified of its expired hold, and has no timer of its own', async () => {
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

test('a waiting checkout sends no statement meanwhile, and still receives the payment', async () => {
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
