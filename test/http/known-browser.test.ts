import { Signer } from '@fastify/cookie';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fieldIn, Visitor } from '../support/browser.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The lifetime of the browser's cookie, the rotation of its secret, and its end.

const [fresh, old] = ['cookie_fresh_7d02be859c41f3a6', 'cookie_old_85f624e91d07c3ab'];
const id = 'A'.repeat(22);
let shop: TestShop;
let visitor: Visitor;

beforeAll(async () => {
  shop = await startTestShop({ COOKIE_SECRET: `${fresh},${old}` });
});

afterAll(() => shop.close());

beforeEach(() => {
  visitor = new Visitor(shop.shopUrl);
});

function signed(secret: string): string {
  return encodeURIComponent(new Signer(secret).sign(id));
}

describe('a cookie that is signed with the previous secret', () => {
  test.each(['/', '/cart', '/your-orders', '/products/cleat'])(
    'finds its cart on %s, and is renewed with the new secret',
    async (path) => {
      visitor.forge('browser', signed(old));
      await visitor.post('/cart/lines', { sku: 'cleat', qty: '1', key: 'once' });
      visitor.forge('browser', signed(old));
      const page = await visitor.get(path);
      expect(page.text).toContain('Cart, 1 unit');
      expect(page.headers.getSetCookie()).toEqual([expect.stringContaining(`browser=${signed(fresh)};`)]);
      expect((await visitor.get('/cart')).text).toContain('Cart, 1 unit');
    },
  );

  test('is invalid once that secret is removed', async () => {
    visitor.forge('browser', signed('cookie_older_0123456789abcdef'));
    const page = await visitor.get('/');
    expect(page.text).toContain('Cart, empty');
    expect(page.headers.getSetCookie()).toEqual([]);
  });
});

describe('a browser that is to be forgotten', () => {
  const orderOf = async (email: string) => {
    await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
    const { text } = await visitor.get('/cart/checkout');
    const form = { key: fieldIn(text, 'key'), fingerprint: fieldIn(text, 'fingerprint') };
    await visitor.post('/cart/checkout', { ...form, email });
    return shop.database('orders').where({ checkout_key: form.key }).first();
  };

  test('loses its cookie, its cart and its orders; these go on, and those of others stay', async () => {
    const order = await orderOf('ann@reader.example');
    expect((await visitor.get('/your-orders')).text).toContain('action="/your-orders/forget"');
    const other = new Visitor(shop.shopUrl);
    await other.post('/cart/lines', { sku: 'cleat', qty: '1' });

    const answer = await visitor.post('/your-orders/forget', {});
    expect(answer).toMatchObject({ status: 303, location: '/your-orders?forgotten=1' });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^browser=; .*Expires=Thu, 01 Jan 1970/),
    ]);
    const page = await visitor.get('/your-orders?forgotten=1');
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(page.text).toContain('This browser is forgotten.');
    expect(page.text).toContain('No order was placed');
    expect(page.text).not.toContain('/your-orders/forget');

    const [row] = await shop.database('orders').where({ order_id: order.order_id });
    expect(row).toEqual({ ...order, browser_id: null });
    expect(await shop.database('carts').where({ browser_id: order.browser_id })).toEqual([]);
    expect((await visitor.get(`/orders/${order.token}`)).text).toContain('Held for you until');
    expect((await other.get('/cart')).text).toContain('Cart, 1 unit');

    await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
    expect((await visitor.get('/your-orders')).text, 'a new one').not.toContain(order.token);
  });

  test('is forgotten only by its own page, and without a cookie nothing happens', async () => {
    const order = await orderOf('ann@reader.example');
    const fromElsewhere = { origin: 'https://evil.example' };
    expect((await visitor.post('/your-orders/forget', {}, fromElsewhere)).status).toBe(403);
    const forged = new Visitor(shop.shopUrl);
    forged.forge('browser', encodeURIComponent(`${order.browser_id}.${'A'.repeat(43)}`));
    for (const stranger of [new Visitor(shop.shopUrl), forged]) {
      expect((await stranger.post('/your-orders/forget', {})).status).toBe(303);
    }
    expect((await visitor.get('/your-orders')).text).toContain(order.token);
    expect((await visitor.get('/your-orders?forgotten=1')).text).not.toContain('is forgotten');
    expect((await visitor.get('/your-orders/forget')).location).toBe('/your-orders');
  });
});

test('every page extends the cookie to half a year; files and programs do not', async () => {
  visitor.forge('browser', signed(fresh));
  const days = 180 * 86_400;
  expect((await visitor.get('/')).headers.getSetCookie()).toEqual([
    expect.stringContaining(`Max-Age=${days}; Path=/; HttpOnly; SameSite=Lax`),
  ]);
  for (const path of ['/assets/css/base.css', '/products', '/healthz']) {
    expect((await visitor.get(path)).headers.getSetCookie(), path).toEqual([]);
  }
});

test('a browser with more orders than one page lists reads them all, page after page', async () => {
  visitor.forge('browser', signed(fresh));
  await shop.database.raw(
    `with placed as (
       insert into orders (checkout_key, request_hash, token, browser_id, request_id, status, reason, subtotal_cents, total_cents, currency,
         hold_expires_at, cancelled_at)
       select 'many-' || n, repeat('0', 64), 'a-token-that-nobody-guesses-' || n, :id, 'request', 'cancelled', 'hold_expired', 100, 100,
         'USD', now(), now()
       from generate_series(1, 101) as n returning order_id
     )
     insert into order_lines (order_id, product_id, quantity, unit_price_cents) select order_id, 1, 1, 100 from placed`,
    { id },
  );
  const listed = (text: string) => [...text.matchAll(/href="\/orders\/a-token[^"]+"/g)].length;
  const first = (await visitor.get('/your-orders')).text;
  expect(listed(first)).toBe(100);
  expect(first).toContain('These are your newest 100 orders. There are older ones.');
  const [, older = ''] = /href="(\/your-orders\?before=\d+)"/.exec(first) ?? [];
  const last = (await visitor.get(older)).text;
  expect(listed(last)).toBe(1);
  expect(last).toContain('This is an earlier order.');
  expect(last).not.toContain('?before=');
  expect((await visitor.get('/your-orders?before=nonsense')).text).toContain('your newest 100 orders');
});
