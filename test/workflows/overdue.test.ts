import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { placePaidOrder, setFaults, type TestOrder } from '../support/orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop();
});

afterAll(() => shop.close());

async function reconcile(): Promise<unknown[]> {
  await fetch(`${shop.shopUrl}/reconciliation`, { method: 'POST' });
  const answer = await fetch(`${shop.shopUrl}/attention`);
  return (await answer.json()) as unknown[];
}

test('an order whose payment is unknown long after its hold is an attention item until it is decided', async () => {
  const headers = { accept: 'application/json' };
  const answer = await fetch(`${shop.shopUrl}/checkout/${randomUUID()}`, { method: 'POST', headers });
  const order = (await answer.json()) as TestOrder;
  const { order_id: orderId, order_url: orderUrl } = order;
  expect(await reconcile()).toEqual([]);

  await setFaults(shop, order, { api_error_before: 1 });
  await shop.database.raw(`update orders set hold_expires_at = now() - interval '2 minutes 1 second'`);
  expect(await reconcile()).toMatchObject([{ kind: 'payment_unknown', order_id: orderId }]);
  expect(await reconcile(), 'once').toHaveLength(1);

  await setFaults(shop, order, {});
  await fetch(`${orderUrl}/cancel`, { method: 'POST', redirect: 'manual' });
  expect(await reconcile()).toEqual([]);
});

test('a refund that is due for minutes is an attention item until it is made', async () => {
  const order = await placePaidOrder(shop);
  await setFaults(shop, order, { api_error_before: 1 });
  await refund(shop, order);
  expect(await reconcile()).toEqual([]);
  await shop.database.raw(`update refunds set created_at = now() - interval '5 minutes 1 second'`);
  expect(await reconcile()).toMatchObject([
    { kind: 'overdue', order_id: order.order_id, reason: expect.stringContaining('The refund is due') },
  ]);
  expect(await reconcile(), 'once').toHaveLength(1);

  await setFaults(shop, order, {});
  await everyRefundMade(shop);
  expect(await reconcile()).toEqual([]);
});

interface Failed {
  readonly id: string;
  readonly name: string;
  readonly status?: string;
  readonly schedule?: string;
}

/** Inserts a workflow that ended badly, like one that the engine wrote. */
async function insertWorkflow({ id, name, status = 'ERROR', schedule }: Failed): Promise<void> {
  const changes = {
    workflow_uuid: id,
    name,
    status,
    schedule_name: schedule ?? null,
    updated_at: Date.now(),
  };
  // In one commit: a reconciliation by schedule may come at any moment.
  await shop.database.transaction(async (trx) => {
    await trx.raw(
      `insert into dbos.workflow_status
       select (jsonb_populate_record(model, ?)).* from dbos.workflow_status as model
       where parent_workflow_id is null limit 1`,
      [JSON.stringify({ ...changes, created_at: Date.now(), deduplication_id: null })],
    );
    await trx('dbos.operation_outputs').insert({
      workflow_uuid: id,
      function_id: 3,
      function_name: 'openSession',
      error: '{}',
    });
  });
}

test('a workflow that the engine gave up is listed with its step, and not again once it is resolved', async () => {
  await insertWorkflow({ id: 'checkout-without-an-order', name: 'checkout' });
  const [item, ...others] = (await reconcile()) as { attention_id: number }[];
  expect(others).toEqual([]);
  expect(item).toMatchObject({
    kind: 'workflow_failed',
    subject: 'checkout-without-an-order',
    detail: { workflowId: 'checkout-without-an-order', name: 'checkout', step: 'openSession' },
    reason: expect.stringContaining('in its step openSession'),
  });
  expect(await reconcile(), 'once').toHaveLength(1);
  const address = `${shop.shopUrl}/attention/${item?.attention_id}`;
  expect((await fetch(`${address}/retry`, { method: 'POST' })).status).toBe(409);
  await fetch(`${address}/resolve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resolution: 'a test' }),
  });
  expect(await reconcile()).toEqual([]);
});

test('a schedule that the engine gave up is listed once until a run succeeds', async () => {
  const run = { name: 'reports', schedule: 'reports', status: 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' };
  await insertWorkflow({ ...run, id: 'reports-1' });
  await insertWorkflow({ ...run, id: 'reports-2' });
  expect(await reconcile()).toMatchObject([{ kind: 'workflow_failed', subject: 'reports' }]);
  await insertWorkflow({ ...run, id: 'reports-3', status: 'SUCCESS' });
  expect(await reconcile()).toEqual([]);
});

test('a failed workflow whose work is done, or was started again, is not listed', async () => {
  await insertWorkflow({ id: 'dispatch-999999', name: 'dispatch' });
  const { key } = await placePaidOrder(shop);
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: `checkout-${key}` })
    .update({ status: 'ERROR' });
  expect(await reconcile()).toEqual([]);
});

test('the checkout of a waiting order that the engine gave up is listed under its order until it is decided', async () => {
  const headers = { accept: 'application/json' };
  const key = randomUUID();
  const answer = await fetch(`${shop.shopUrl}/checkout/${key}`, { method: 'POST', headers });
  const { order_id: orderId, order_url: orderUrl } = (await answer.json()) as TestOrder;
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: `checkout-${key}` })
    .update({ status: 'ERROR', updated_at: Date.now() });
  expect(await reconcile()).toMatchObject([{ kind: 'workflow_failed', order_id: orderId }]);
  await shop
    .database('orders')
    .where({ order_id: orderId })
    .update({
      hold_expires_at: shop.database.raw(`now() - interval '1 minute'`),
    });
  await fetch(`${orderUrl}/cancel`, { method: 'POST', redirect: 'manual' });
  expect(await reconcile()).toEqual([]);
});
