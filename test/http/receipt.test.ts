import { afterAll, beforeAll, expect, test } from 'vitest';
import { placeOrder, placePaidOrder } from '../support/orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// A receipt at the unguessable address of its order, for an order that was paid.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', SHOP_TAX_NUMBER: 'GB 123 4567 89' });
});

afterAll(() => shop.close());

async function receiptOf(url: string): Promise<{ status: number; html: string; cache: string | null }> {
  const answer = await fetch(`${url}/receipt`, { headers: { accept: 'text/html' } });
  return { status: answer.status, html: await answer.text(), cache: answer.headers.get('cache-control') };
}

test('names seller, buyer, amounts and payment, and afterwards each refund with what is left', async () => {
  const order = await placePaidOrder(shop, { sku: 'cleat', qty: 2, email: 'ada@reader.example' });
  const { status, html, cache } = await receiptOf(order.order_url);
  expect({ status, cache }).toEqual({ status: 200, cache: 'no-store' });
  expect(html).toContain(`<h1>Receipt ${order.order_id}</h1>`);
  for (const text of [
    '1 Demonstration Quay',
    'GB 123 4567 89',
    'ada@reader.example',
    '$199.98',
    'pi_',
    'Payment method',
  ])
    expect(html).toContain(text);
  expect(html).toContain('<meta name="robots" content="noindex">');
  expect(html).not.toContain('Net amount');
  expect(await (await fetch(order.order_url)).text()).toContain(`/receipt">Open the receipt</a>`);

  await refund(shop, order, { amount: 5000 });
  await everyRefundMade(shop);
  const { html: later } = await receiptOf(order.order_url);
  expect(later).toContain('-$50.00');
  expect(later).toMatch(/Net amount after refunds<\/th><td>\$149\.98</);
});

test('does not exist before the payment, nor for an unknown order', async () => {
  const order = await placeOrder(shop);
  expect((await receiptOf(order.order_url)).status).toBe(404);
  expect(await (await fetch(order.order_url)).text()).not.toContain('/receipt"');
  for (const token of ['nobody', '%00', `${new URL(order.order_url).pathname.slice(8)}x`])
    expect((await receiptOf(`${shop.shopUrl}/orders/${token}`)).status).toBe(404);
});
