import { afterAll, beforeAll, expect, test } from 'vitest';
import { becomes, pay, placeOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600' });
});

afterAll(() => shop.close());

test('a migration that adds a column while the shop runs breaks no request', async () => {
  const order = await placeOrder(shop);
  const answers = ['/orders', `/order/${order.order_id}`, new URL(order.order_url).pathname];
  for (const path of answers) await fetch(shop.shopUrl + path);
  await shop.database.raw('alter table orders add column gift boolean not null default false');
  for (const path of answers) expect((await fetch(shop.shopUrl + path)).status, path).toBe(200);
  await pay(shop, order);
  await becomes(shop, order, { status: 'paid', state: 'settled' });
  await placeOrder(shop);
});
