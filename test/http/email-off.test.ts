import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPage } from '../support/forms.ts';
import { placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// A shop that sends no messages.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ EMAIL: 'off', DISPATCH_SECONDS: '600' });
});

afterAll(() => shop.close());

test('the page of an order leads to requests, and to nothing about messages', async () => {
  const order = await placePaidOrder(shop, { email: 'ada@reader.example' });
  const { pathname } = new URL(order.order_url);
  for (const path of [pathname, `/fragments${pathname}`]) {
    const html = await readPage(shop, path);
    expect(html).toContain(`${pathname}/contact#ask`);
    expect(html).not.toMatch(/Messages go to|have a message sent again|A confirmation goes/);
  }
  expect(await readPage(shop, `${pathname}/contact`)).toContain('This shop sends no messages.');
});
