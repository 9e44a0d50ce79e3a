import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, placeOrder, placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', HOLD_SECONDS: '600', RECONCILE_SECONDS: '3600' });
});

afterAll(() => shop?.close());

/** Claims a dispatch as a process does when the answer to its commit is lost, and waits until a check has found that. */
async function loseClaim(): Promise<void> {
  const order = await placePaidOrder(shop);
  const claimed = await shop
    .database('dbos.workflow_status')
    .where('workflow_uuid', `dispatch-${order.order_id}`)
    .update({
      status: 'PENDING',
      executor_id: shop.database('executors').select('executor_id'),
      owner_xid: 'lost',
      delay_until_epoch_ms: null,
      updated_at: 0,
    });
  expect(claimed).toBe(1);
  await becomes(shop, order, { status: 'dispatched' });
}

test('a workflow that a living process has claimed and does not run goes on; one that it runs stays with it', async () => {
  const { key } = await placeOrder(shop);
  const waiting = () => shop.database('dbos.workflow_status').where('workflow_uuid', `checkout-${key}`);
  await waiting().update({ updated_at: 0 });
  const claim = ['status', 'executor_id', 'owner_xid', 'recovery_attempts', 'updated_at'];
  const before = await waiting().first(claim);
  expect(before).toMatchObject({ status: 'PENDING', owner_xid: expect.any(String), updated_at: 0 });
  for (let checks = 0; checks < 2; checks += 1) await loseClaim();
  expect(await waiting().first(claim)).toEqual(before);
});
