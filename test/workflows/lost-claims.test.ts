import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', RECONCILE_SECONDS: '3600' });
});

afterAll(() => shop?.close());

test('a workflow that a living process has claimed and does not run goes on', async () => {
  const order = await placePaidOrder(shop);
  // As after a claim whose commit was done, while its answer was lost.
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
});
