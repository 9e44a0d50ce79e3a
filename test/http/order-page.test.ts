import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelWords, words } from '../../src/storefront/words.ts';
import { stepsOf } from '../support/event-reader.ts';
import { becomes, placeOrder, placePaidOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The page of one order at its unguessable address, for a browser without a cookie and without script.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
});

afterAll(() => shop.close());

async function page(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('referrer-policy')).toBe('same-origin');
  expect(answer.headers.get('set-cookie')).toBeNull();
  return answer.text();
}

const refresh = (html: string) => /http-equiv="refresh" content="\d+; url=([^"]*)"/.exec(html)?.[1];
const path = (url: string) => new URL(url).pathname;

test('a pending order is held, can be paid and can be cancelled, and no robot lists it', async () => {
  const order = await placeOrder(shop, { sku: 'cleat', qty: 2 });
  const html = await page(order.order_url);
  expect(html).toContain('<meta name="robots" content="noindex">');
  expect(html).toContain(`href="${order.payment_url}">Pay $199.98<`);
  expect(html).toContain('Cancel the order');
  expect(html).toContain('Not paid yet');
  expect(html).toMatch(/data-left-ms="\d{6}"/);
  expect(html).toContain('<li class="now" data-step="payment" aria-current="step">');
  expect(refresh(html)).toBe(path(order.order_url));
});

test('the live region contains one notice, without the heading and the countdown', async () => {
  const html = await page((await placeOrder(shop)).order_url);
  const [notices = ''] = /<div class="order-notices" role="status">.*?<\/div>/s.exec(html) ?? [];
  expect(notices).toContain('Waiting for payment');
  expect(notices).not.toMatch(/<h1|countdown|<a /);
});

describe('a shopper who returns from the payment page', () => {
  test('is not asked to pay again for half a minute, without script for six reloads', async () => {
    const order = await placeOrder(shop);
    let address = `${path(order.order_url)}?returned=1`;
    for (let look = 1; look <= 6; look += 1) {
      const html = await page(`${shop.shopUrl}${address}`);
      expect(html).toContain('<div class="order-page" data-returned>');
      expect(html).toContain('Your payment is on its way to us.');
      address = refresh(html) ?? '';
    }
    expect(address).toBe(path(order.order_url));
    expect(await page(order.order_url)).not.toContain('data-returned');
  });

  test('sees the payment as soon as it has arrived, whatever the address contains', async () => {
    const order = await placePaidOrder(shop);
    const html = await page(`${order.order_url}?returned=1`);
    expect(html).not.toContain('data-returned');
    expect(stepsOf(html)).toEqual(['placed', 'paid']);
    expect(html).toContain('Open the receipt');
  });

  test.each(['0', '7', 'x', '1&returned=2'])(
    'with an unknown parameter (%s) sees the plain page',
    async (mark) => {
      const order = await placeOrder(shop);
      expect(await page(`${order.order_url}?returned=${mark}`)).not.toContain('data-returned');
    },
  );
});

test('a cancelled order shows its state, and links to the cart of its browser', async () => {
  const order = await placeOrder(shop);
  await fetch(`${order.order_url}/cancel`, { method: 'POST', redirect: 'manual' });
  await becomes(shop, order, { status: 'cancelled' });
  expect(await page(order.order_url)).not.toContain('Back to your cart');
  const browser_id = 'A'.repeat(22);
  await shop.database('orders').where({ order_id: order.order_id }).update({ browser_id });
  const html = await page(order.order_url);
  expect(html).toContain('href="/cart">Back to your cart<');
  expect(stepsOf(html)).toEqual(['placed', 'cancel_asked', 'cancelled']);
  expect(html).toContain(words.order.timelineAfter);
});

describe('a cancelled order', () => {
  async function placeCancelled(): Promise<TestOrder> {
    const order = await placeOrder(shop);
    await fetch(`${order.order_url}/cancel`, { method: 'POST', redirect: 'manual' });
    await becomes(shop, order, { status: 'cancelled' });
    return order;
  }

  test('may have been paid before the return from the payment page, and reloads', async () => {
    const order = await placeCancelled();
    const address = `${path(order.order_url)}?returned=6`;
    const html = await page(`${shop.shopUrl}${address}`);
    expect(html).toContain('data-returned');
    expect(html).toContain(`<p class="lead returned">${words.order.returnedLate}</p>`);
    // Hidden after a return from the payment page, because the shopper has most likely paid.
    expect(html).toContain(`<p class="lead unless-returned">${cancelWords.cancelled_by_shopper}</p>`);
    expect(refresh(html)).toBe(address);
    const plain = await page(order.order_url);
    expect(plain).not.toContain('data-returned');
    expect(plain).not.toContain('data-final');
    expect(refresh(plain)).toBe(path(order.order_url));
  });

  test('is final after half an hour', async () => {
    const order = await placeCancelled();
    const longAgo = shop.database.raw(`now() - interval '30 minutes'`);
    await shop.database('orders').where({ order_id: order.order_id }).update({ cancelled_at: longAgo });
    const html = await page(`${order.order_url}?returned=1`);
    expect(html).toContain('data-final');
    expect(html).not.toContain('data-returned');
    expect(html).toContain(cancelWords.cancelled_by_shopper);
    expect(refresh(html)).toBeUndefined();
  });
});

test.each(['x', 'nobody-has-this-token-1', '%00', '..%2f..', 'a'.repeat(500)])(
  'an unknown address (%s) gets the same 404 as any other, for its page and for a cancellation',
  async (token) => {
    const url = `${shop.shopUrl}/orders/${token}`;
    const answers = await Promise.all([
      fetch(url),
      fetch(`${shop.shopUrl}/fragments/orders/${token}`),
      fetch(`${url}/cancel`, { method: 'POST' }),
    ]);
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(bodies).size).toBe(1);
  },
);

test('the page of that 404 is byte for byte the same for a malformed address', async () => {
  const headers = { accept: 'text/html' };
  const answers = await Promise.all(
    ['nobody-has-this-token-1', 'x', '%00', 'a'.repeat(500)].map((token) =>
      fetch(`${shop.shopUrl}/orders/${token}`, { headers }),
    ),
  );
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  expect(bodies[0]).toContain('<h1>There is nothing here.</h1>');
  expect(new Set(bodies).size).toBe(1);
});
