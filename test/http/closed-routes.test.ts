import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, placeOrder } from '../support/orders.ts';
import { authorized, operatorToken } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// A shop whose numbers and operator's routes are nobody's business, as in production by default (src/config.test.ts).

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ OPERATOR_TOKEN: operatorToken, PUBLIC_ORDERS: 'off', DOCS: 'public' });
});

afterAll(() => shop.close());

const get = (path: string, headers = {}) => ask(shop.shopUrl + path, undefined, { method: 'GET', headers });

test('orders are shown by number to operators alone, and to their buyers by address', async () => {
  const order = await placeOrder(shop);
  for (const path of [
    '/orders',
    '/orders?before=x',
    `/order/${order.order_id}`,
    '/order/1000000',
    '/order/x',
  ]) {
    expect(await get(path)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  }
  expect(await get('/orders', authorized)).toMatchObject({
    status: 200,
    body: [{ order_id: order.order_id }],
  });
  expect(await get(`/order/${order.order_id}`, authorized)).toMatchObject({ status: 200 });
  expect(await get('/order/1000000', authorized)).toMatchObject({ status: 404 });
  expect((await fetch(order.order_url)).status).toBe(200);
  for (const path of ['/recent-orders', '/fragments/recent-orders']) {
    expect(await get(path, authorized)).toMatchObject({ status: 404 });
  }
  expect(await (await fetch(shop.shopUrl)).text()).not.toContain('recent-orders');
});

test('the documentation describes the routes of shoppers and of the provider alone', async () => {
  const text = await (await fetch(`${shop.shopUrl}/docs/json`)).text();
  const { paths, tags, components } = JSON.parse(text) as Record<string, object>;
  expect(Object.keys(paths ?? {}).toSorted()).toEqual([
    '/catalogue',
    '/checkout',
    '/checkout/{key}',
    '/healthz',
    '/payment_webhook',
    '/payment_webhook/{payment_id}/{status}',
    '/product',
    '/products',
    '/readyz',
  ]);
  expect((tags as unknown as { name: string }[]).map(({ name }) => name)).not.toContain('operator');
  expect(Object.keys((components as { schemas: object }).schemas).toSorted()).toEqual([
    'CatalogueProduct',
    'Checkout',
    'ErrorCode',
    'FoundProducts',
    'Problem',
    'Product',
  ]);
  expect(text).not.toMatch(/operator token|attention|reconcil|restock/i);
});
