import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// What an order costs the database is counted, because times on a busy machine say little (docs/PERFORMANCE.md).

const orders = 10;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.1' });
  await shop.database.raw('create extension if not exists pg_stat_statements');
});

afterAll(() => shop.close());

// What is sent whether anybody buys or not, how many transactions it takes, and what the test asks.
const notOfOrders =
  'application_versions|queue_name = |delay_until_epoch_ms <=|workflow_deadline|worker_concurrency|pg_notify|hold_expires_at <=|schedules|' +
  '^(begin|commit|rollback)|pg_stat_statements|"refunded"|"workflow_uuid" from';

/** Statements of the shop by their text, and how often each was sent. */
async function statements(): Promise<Map<string, number>> {
  const { rows } = await shop.database.raw<{ rows: { query: string; calls: number }[] }>(
    `select query, sum(calls)::integer as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and query !~* :notOfOrders
     group by query`,
    { notOfOrders },
  );
  return new Map(rows.map(({ query, calls }) => [query, calls]));
}

async function buy(): Promise<TestOrder> {
  const order = await placeOrder(shop);
  await pay(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  return order;
}

async function everyWorkflowEnded(): Promise<void> {
  await waitFor(
    'every workflow to end',
    () => shop.database('dbos.workflow_status').whereNot({ status: 'SUCCESS' }).pluck('workflow_uuid'),
    (open) => open.length === 0,
  );
}

test('an order takes no more statements than it did, from the checkout to the dispatch', async () => {
  await buy();
  await everyWorkflowEnded();
  const before = await statements();
  for (let bought = 0; bought < orders; bought += 1) await buy();
  await everyWorkflowEnded();
  const after = await statements();
  // A statement of every order was sent at least once for each; anything else is not of the orders.
  const perOrder = [...after]
    .map(([query, calls]) => [query, calls - (before.get(query) ?? 0)] as const)
    .filter(([, calls]) => calls >= orders)
    .map(([query, calls]) => [query, Math.floor(calls / orders)] as const);
  // What returns all columns there are is not prepared, and is planned anew each time.
  expect(perOrder.filter(([query]) => /\.\*|(select|returning) \*/i.test(query))).toEqual([]);
  const sum = perOrder.reduce((total, [, calls]) => total + calls, 0);
  expect(
    sum,
    perOrder.map(([query, calls]) => `${calls} ${query.slice(0, 90)}`).join('\n'),
  ).toBeLessThanOrEqual(29);
});
