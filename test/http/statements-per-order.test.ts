import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The statements of an order are counted, because times on a busy machine vary (docs/PERFORMANCE.md).

const orders = 10;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.1', HOLD_LIMITS: 'strict' });
  await shop.database.raw('create extension if not exists pg_stat_statements');
});

afterAll(() => shop.close());

// Statements that do not belong to an order: polling, transaction control and the test's own queries.
const notOfOrders =
  'into executors|update executors|application_versions|queue_name = |delay_until_epoch_ms <=|workflow_deadline|worker_concurrency|pg_notify|hold_expires_at <=|schedules|' +
  '^(begin|commit|rollback)|pg_stat_statements|"refunded"|"workflow_uuid" from';

/** The statements of the shop, and how often each was sent. */
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

test('an order takes no more statements than recorded, from the checkout to the dispatch', async () => {
  await buy();
  await everyWorkflowEnded();
  const before = await statements();
  for (let bought = 0; bought < orders; bought += 1) await buy();
  await everyWorkflowEnded();
  const after = await statements();
  // A statement of every order was sent at least once per order. All others do not belong to the orders.
  const perOrder = [...after]
    .map(([query, calls]) => [query, calls - (before.get(query) ?? 0)] as const)
    .filter(([, calls]) => calls >= orders)
    .map(([query, calls]) => [query, Math.floor(calls / orders)] as const);
  // A statement that returns all columns is not prepared, so Postgres plans it each time.
  expect(perOrder.filter(([query]) => /\.\*|(select|returning) \*/i.test(query))).toEqual([]);
  const sum = perOrder.reduce((total, [, calls]) => total + calls, 0);
  expect(
    sum,
    perOrder.map(([query, calls]) => `${calls} ${query.slice(0, 90)}`).join('\n'),
  ).toBeLessThanOrEqual(29);
});
