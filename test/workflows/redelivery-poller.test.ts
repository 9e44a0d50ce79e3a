import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, pay, placeOrder, readStatus, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A checkout that waits for its payment does not poll: notifications wake it, and the poller repeats lost ones.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
  await shop.database.raw('create extension if not exists pg_stat_statements');
});

afterAll(() => shop.close());

/** Sends a message without its notification, as if the shop had lost its LISTEN connection. */
async function sendUnnotified(key: string, body: object): Promise<void> {
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

const repeats = 'select pg_notify(%destination_uuid%';
const polls = 'SELECT topic FROM "dbos".notifications%';

/** Places orders, and waits until their checkouts have polled once and wait for a notification. */
async function placeWaiting(count: number): Promise<TestOrder[]> {
  const before = await callsOf(polls);
  const orders = await Promise.all(Array.from({ length: count }, () => placeOrder(shop)));
  await waitFor(
    'every checkout to wait',
    () => callsOf(polls),
    (calls) => calls >= before + count,
  );
  return orders;
}

test('an unread message is delivered within seconds', async () => {
  const [order] = await placeWaiting(1);
  if (!order) throw new Error('There is no order.');
  await shop.database('order_history').insert({ order_id: order.order_id, what: 'cancel_asked' });
  await sendUnnotified(order.key, { cancel: true });
  await becomes(shop, order, { status: 'cancelled' });
  expect(await readStatus(shop, order)).toMatchObject({ reason: 'cancelled_by_shopper' });
});

test('a checkout whose hold expired is notified, and has no timer of its own', async () => {
  const [order] = await placeWaiting(1);
  if (!order) throw new Error('There is no order.');
  await shop.database('orders').where({ order_id: order.order_id }).update({ hold_expires_at: new Date() });
  await becomes(shop, order, { status: 'cancelled' });
  expect(await readStatus(shop, order)).toMatchObject({ reason: 'hold_expired' });
  // The event of the ended session may cancel the order before its workflow does.
  await waitFor(
    'the end of the checkout',
    () =>
      shop
        .database('dbos.workflow_status')
        .where({ workflow_uuid: `checkout-${order.key}` })
        .first('status'),
    (workflow) => workflow?.['status'] === 'SUCCESS',
  );
  const steps = await shop
    .database('dbos.operation_outputs')
    .where({ workflow_uuid: `checkout-${order.key}` })
    .orderBy('function_id')
    .pluck('function_name');
  expect(steps).toEqual(['openCheckout', 'DBOS.recv', 'endPaymentSession', 'settleOrCancel']);
});

test('waiting checkouts send no query, and receive the payment', async () => {
  const orders = await placeWaiting(20);
  const before = { repeats: await callsOf(repeats), polls: await callsOf(polls) };
  await waitFor(
    'two more runs of the poller',
    () => callsOf(repeats),
    (calls) => calls >= before.repeats + 2,
  );
  expect(await callsOf(polls)).toBe(before.polls);
  const [order] = orders;
  if (!order) throw new Error('There is no order.');
  await pay(shop, order);
  await becomes(shop, order, { status: 'paid', state: 'settled' });
});
