import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Visitor } from '../support/browser.ts';
import { type Answer, ask } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The checkout keys of production: nobody can use the key of somebody else first.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ CHECKOUT_KEYS: 'unguessable' });
});

afterAll(() => shop.close());

function checkout(key: string, { cookie, qty = 1 }: { cookie?: string; qty?: number } = {}): Promise<Answer> {
  const headers = cookie === undefined ? {} : { cookie };
  return ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'thimble', qty }] }, { headers });
}

/** The cookie of a new browser. */
async function newCookie(): Promise<string> {
  const visitor = new Visitor(shop.shopUrl);
  await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
  return visitor.cookie;
}

const weakKeys = [
  'x',
  'my-first-order',
  'aaaaaaaaaaaaaaaaaaaaaaaa',
  'order-0000000001',
  'order-2026-11-27-0042',
];

test.each(weakKeys)('a program is refused the key %s, which orders nothing and stays free', async (key) => {
  const { status, body } = await checkout(key);
  expect([status, body['code']]).toEqual([400, 'weak_key']);
  expect(body['detail']).toContain('uuidgen');
  expect(await shop.database('orders').where({ checkout_key: key })).toEqual([]);
});

test('a program with a UUID gets one order, however often it asks', async () => {
  const key = randomUUID();
  const [first, second] = [await checkout(key), await checkout(key)];
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body).toEqual(first.body);
  expect((await checkout(key, { qty: 2 })).body).toMatchObject({ code: 'key_reused' });
});

test('a checkout without a key needs none', async () => {
  expect((await ask(`${shop.shopUrl}/checkout`, { items: [{ sku: 'thimble', qty: 1 }] })).status).toBe(201);
});

describe('the key of a browser', () => {
  let cookie: string;

  beforeEach(async () => {
    cookie = await newCookie();
  });

  test('may be short, and gets the same answer for the same browser', async () => {
    const [first, second] = [await checkout('mine', { cookie }), await checkout('mine', { cookie })];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
    expect((await checkout('mine', { cookie, qty: 2 })).body).toMatchObject({ code: 'key_reused' });
  });

  test('twenty times at once is one order', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => checkout('at-once', { cookie })));
    expect(new Set(answers.map(({ body }) => body['payment_id'])).size).toBe(1);
  });

  test.each([
    ['another browser', async () => ({ cookie: await newCookie() })],
    ['a program', async () => Promise.resolve({})],
    ['a forged cookie', async () => Promise.resolve({ cookie: `browser=${'A'.repeat(22)}.forged` })],
  ])(
    'is not kept busy by %s that used it first, and leads to no order of theirs',
    async (_name, stranger) => {
      const key = randomUUID();
      const [theirs, same] = [await checkout(key, await stranger()), await checkout(key, { cookie })];
      expect([theirs.status, same.status]).toEqual([201, 201]);
      expect(same.body['payment_id']).not.toBe(theirs.body['payment_id']);
      expect(same.body['order_url']).not.toBe(theirs.body['order_url']);
      const other = randomUUID();
      await checkout(other, { ...(await stranger()), qty: 3 });
      expect((await checkout(other, { cookie })).status).toBe(201);
    },
  );

  test('is no key of a program', async () => {
    await checkout('my-first-order', { cookie });
    expect((await checkout('my-first-order')).body).toMatchObject({ code: 'weak_key' });
  });
});
