import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Statements that wait for ever, as behind a host that is frozen in the middle of a transaction.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop();
});

afterAll(() => shop?.close());

const withBody: Readonly<Record<string, unknown>> = {
  '/checkout/:key': { items: [{ sku: 'cleat', qty: 1 }] },
  '/restock': { sku: 'cleat', quantity: 1, reason: 'delivery' },
  '/order/:order_id/refund': { reason: 'came broken' },
  '/reconciliation': {},
  '/attention/:attention_id/resolve': { resolution: 'seen' },
  '/cart/lines': { sku: 'cleat', qty: '1' },
};

test('every request with a body is answered in time although the database never answers', async () => {
  const blocker = await shop.database.transaction();
  try {
    await blocker.raw(
      'lock table orders, products, stock, payments, attention, carts, reconciliation in access exclusive mode',
    );
    const answers = await Promise.all(
      Object.entries(withBody).map(async ([route, body]) => {
        const path = route.replaceAll(/:\w+/g, '1');
        const { status } = await ask(`${shop.shopUrl}${path}`, body, { headers: { origin: shop.shopUrl } });
        return [route, status];
      }),
    );
    const expected = Object.fromEntries(Object.keys(withBody).map((route) => [route, 503]));
    // A reconciliation goes on without its request.
    expect(Object.fromEntries(answers)).toEqual({ ...expected, '/reconciliation': 202 });
  } finally {
    await blocker.rollback();
  }
  expect((await ask(`${shop.shopUrl}/checkout/afterwards`, withBody['/checkout/:key'])).status).toBe(201);
});
