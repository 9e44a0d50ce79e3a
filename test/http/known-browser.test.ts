import { Signer } from '@fastify/cookie';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Visitor } from '../support/browser.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The lifetime of the browser's cookie, and the rotation of its secret.

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
