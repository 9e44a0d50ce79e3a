import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawn } from '../support/drawn.ts';
import { EventReader } from '../support/event-reader.ts';
import { ask, placeOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Whoever has one address of an IPv6 network has all of them, and counts as one client everywhere.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    TRUST_PROXY: '1',
    CHECKOUTS_PER_MINUTE: '3',
    EVENT_STREAMS_PER_ADDRESS: '2',
    OPERATOR_TOKEN: 'operator-9c41f7d02be85a36',
  });
});

afterAll(() => shop.close());

const from = (address: string) => ({ 'x-forwarded-for': address });

/** The addresses of one client, and one of another. */
const kinds = [
  {
    kind: 'IPv6',
    own: (n: number) => `2001:db8:1:2:${n.toString(16)}::1`,
    other: '2001:db8:1:3::1',
  },
  {
    kind: 'IPv4, in both forms',
    own: (n: number) => (n % 2 === 0 ? '203.0.113.7' : '::ffff:203.0.113.7'),
    other: '203.0.113.8',
  },
] as const;
const clients = drawn(kinds, 1 / 2);

test.each(clients)('checkouts ($kind)', async ({ own, other }) => {
  const checkout = async (address: string) => {
    const request = { items: [{ sku: 'shackle', qty: 1 }] };
    const { status } = await ask(`${shop.shopUrl}/checkout`, request, { headers: from(address) });
    return status;
  };
  for (let n = 0; n < 3; n += 1) expect(await checkout(own(n))).toBe(201);
  expect(await checkout(own(3))).toBe(429);
  expect(await checkout(other)).toBe(201);
});

test.each(clients)('carts ($kind)', async ({ own, other }) => {
  const add = async (address: string) => {
    const { status } = await ask(`${shop.shopUrl}/cart/lines`, { sku: 'cleat' }, { headers: from(address) });
    return status;
  };
  const statuses = new Set<number>();
  for (let n = 0; n < 120; n += 1) statuses.add(await add(own(n)));
  expect([...statuses]).toEqual([200]);
  expect(await add(own(120))).toBe(429);
  expect(await add(other)).toBe(200);
});

test.each(clients)('event streams ($kind)', async ({ own, other }) => {
  const { order_url: page } = await placeOrder(shop);
  const open = (address: string) => EventReader.open(`${page}/events`, from(address));
  const streams = [await open(own(0)), await open(own(1)), await open(own(2)), await open(other)];
  expect(streams.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
  for (const stream of streams) stream.close();
});

test.each(clients)('wrong operator tokens ($kind)', async ({ own, other }) => {
  const list = async (address: string, token: string) => {
    const headers = { ...from(address), authorization: `bearer ${token}` };
    const { status, body } = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET', headers });
    return [status, body['code']];
  };
  for (let n = 0; n < 10; n += 1) expect(await list(own(n), 'a guess')).toEqual([401, 'unauthorized']);
  expect(await list(own(10), 'a guess')).toEqual([429, 'rate_limited']);
  expect(await list(own(11), 'operator-9c41f7d02be85a36')).toEqual([429, 'rate_limited']);
  expect(await list(other, 'operator-9c41f7d02be85a36')).toEqual([200, undefined]);
});
