// @module-tag slow
import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enqueueWorkflow } from '../../src/database/outbox.ts';
import { inTransaction } from '../../src/shared/statement.ts';
import { expectMoneySettled, moneyOf } from '../support/money.ts';
import {
  ask,
  becomes,
  type OpenShop,
  placeOrder,
  placePaidOrder,
  postSigned,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { refund } from '../support/refunds.ts';
import {
  engineRows,
  everyWorkflowEnded,
  letADayPass,
  removeFinished,
  retentionDays,
} from '../support/retention.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Days pass while the shop sells: the engine's tables stop growing, and nothing that was done is forgotten or done again.

const days = 6;
const schedules = ['reconcile', 'compare-with-provider', 'housekeeping'];

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '0.1', RECONCILE_SECONDS: '3600' });
  // Each day has one run of each, whatever the time of the day is.
  for (const schedule of schedules) await DBOS.pauseSchedule(schedule);
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

/** The sales of one day: one order for each final state. */
async function sell(): Promise<TestOrder[]> {
  await ask(`${shop.shopUrl}/restock`);
  const email = 'ada@reader.example';
  for (const schedule of schedules) await DBOS.triggerSchedule(schedule);
  const orders = await Promise.all([
    placePaidOrder(shop, { email }).then((order) =>
      becomes(shop, order, { status: 'dispatched' }).then(() => order),
    ),
    placePaidOrder(shop, { email }).then(async (order) => {
      await refund(shop, order);
      await becomes(shop, order, { state: 'refunded' });
      return order;
    }),
    placeOrder(shop, { email }).then(async (order) => {
      await ask(`${order.order_url}/cancel`);
      await becomes(shop, order, { status: 'cancelled' });
      return order;
    }),
  ]);
  await everyEventCame(orders);
  await everyWorkflowEnded(shop);
  return orders;
}

/** Waits for the provider's events of one day: two payments, a refund and a session that was ended. */
async function everyEventCame(orders: readonly TestOrder[]): Promise<void> {
  const ids = orders.map(({ order_id: orderId }) => orderId);
  await waitFor(
    'the events of the day',
    () => shop.database('payment_events').whereIn('order_id', ids).select('type', 'order_id'),
    (events) => events.length === 4,
  );
}

const businessTables = [
  'orders',
  'order_lines',
  'payments',
  'payment_events',
  'refunds',
  'shipments',
  'shipment_lines',
  'emails',
  'order_history',
];

/** Everything that the shop remembers of its orders. */
async function memory({ database }: OpenShop): Promise<Record<string, unknown[]>> {
  const tables = businessTables.map(async (table) => [table, await database(table).orderBy(1)] as const);
  return Object.fromEntries(await Promise.all(tables));
}

test('the engine’s tables reach a plateau, and deleted workflows stay done', async () => {
  const orders: TestOrder[] = [];
  const counts: Record<string, number>[] = [];
  for (let day = 0; day < days; day += 1) {
    orders.push(...(await sell()));
    await letADayPass(shop);
    await removeFinished(shop);
    counts.push(await engineRows(shop));
  }

  const plateau = counts[retentionDays - 1];
  expect(plateau?.['workflow_status']).toBeGreaterThan(3 * retentionDays);
  for (const [table, rows] of Object.entries(plateau ?? {})) {
    const later = counts.slice(retentionDays).map((count) => count[table] ?? 0);
    // One day may need a message or a step more than another.
    expect(Math.max(...later), table).toBeLessThanOrEqual(1.2 * rows + 1);
  }
  const remembered = await memory(shop);
  expect(remembered['orders']).toHaveLength(3 * days);
  expect(remembered['payments']).toHaveLength(3 * days);
  expect(remembered['payment_events']).toHaveLength(4 * days);

  // On the last of all days not one workflow is left, and everything that ever came comes again.
  await removeFinished(shop, retentionDays + 1);
  expect(await engineRows(shop)).toMatchObject({
    workflow_status: 0,
    operation_outputs: 0,
    notifications: 0,
  });
  const moved = await Promise.all(orders.map((order) => moneyOf(shop, order)));
  for (const order of orders) await askAgain(order);
  await deliverAgain(remembered);
  await startAgain(remembered);
  expect(await memory(shop)).toEqual(remembered);
  expect(await Promise.all(orders.map((order) => moneyOf(shop, order)))).toEqual(moved);
});

/** The same key is the same order, and never another one. */
async function askAgain({ key, order_id, payment_id }: TestOrder): Promise<void> {
  const again = (qty: number) =>
    ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'shackle', qty }], email: 'ada@reader.example' });
  const { status, body } = await again(1);
  expect({ status, ...body }).toMatchObject({ status: 200, order_id, payment_id });
  expect(await again(2)).toMatchObject({ status: 422, body: { code: 'key_reused' } });
}

/** The provider sends every event once more. */
async function deliverAgain(remembered: Record<string, unknown[]>): Promise<void> {
  for (const { body } of remembered['payment_events'] as { body: object }[]) {
    expect(await postSigned(shop, body)).toBe(200);
  }
}

/** Every workflow is started once more, under the id that the engine has deleted. */
async function startAgain(remembered: Record<string, unknown[]>): Promise<void> {
  const ids = (table: string, column: string) =>
    (remembered[table] as Record<string, unknown>[]).map((row) => Number(row[column]));
  const starts = [
    ...ids('orders', 'order_id').map((id) => ['dispatch', id] as const),
    ...ids('orders', 'order_id').map((id) => ['resume-checkout', id] as const),
    ...ids('refunds', 'refund_id').map((id) => ['refund', id] as const),
    ...ids('emails', 'email_id').map((id) => ['email', id] as const),
  ];
  await inTransaction(shop.shopDatabase, async (sql) => {
    for (const [workflow, id] of starts) await enqueueWorkflow(sql, workflow, id);
  });
  await everyWorkflowEnded(shop);
  const ended = await shop.database('dbos.workflow_status').select('status');
  expect(ended).toEqual(starts.map(() => ({ status: 'SUCCESS' })));
}
