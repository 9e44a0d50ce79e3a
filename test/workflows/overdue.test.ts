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
