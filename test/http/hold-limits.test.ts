import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, fieldIn, Visitor } from '../support/browser.ts';
import { ask, becomes, pay, type TestOrder } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// How requests become clients, and how their limits are answered. test/database/hold-limits.test.ts has the limits themselves.

const units = 6;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_LIMITS: 'strict',
    HELD_UNITS_PER_CLIENT: String(units),
    TRUST_PROXY: '1',
    DISPATCH_SECONDS: '0.2',
  });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

let network = 0;

beforeEach(() => {
  network += 1;
});

/** An address that no other test has. */
const address = (host = 1): string => `198.51.${network}.${host}`;

interface Sender {
  readonly from?: string;
  readonly email?: string;
  readonly cookie?: string;
  readonly key?: string;
}

function order(qty: number, { from = address(), email, cookie, key = randomUUID() }: Sender = {}) {
  return ask(
    `${shop.shopUrl}/checkout/${key}`,
    { items: [{ sku: 'thimble', qty }], ...(email !== undefined && { email }) },
    { headers: { 'x-forwarded-for': from, ...(cookie !== undefined && { cookie }) } },
  );
}

const statusOf = async (answer: ReturnType<typeof order>): Promise<number> => (await answer).status;

describe('a client is recognised by', () => {
  test('its IPv4 address, also when it is written as IPv6', async () => {
    expect(await statusOf(order(units))).toBe(201);
    expect(await statusOf(order(1, { from: `::ffff:${address()}` }))).toBe(409);
    expect(await statusOf(order(1, { from: address(2) }))).toBe(201);
  });

  test('the /64 of its IPv6 address', async () => {
    const from = (subnet: number, host: string) => `2001:db8:${network}:${subnet}::${host}`;
    expect(await statusOf(order(units, { from: from(1, '1') }))).toBe(201);
    expect(await statusOf(order(1, { from: from(1, 'ffff:1') }))).toBe(409);
    expect(await statusOf(order(1, { from: from(2, '1') }))).toBe(201);
  });

  test('the e-mail address of the order, in any case', async () => {
    const email = `ada-${network}@reader.example`;
    expect(await statusOf(order(units, { email }))).toBe(201);
    expect(await statusOf(order(1, { from: address(2), email: email.toUpperCase() }))).toBe(409);
  });

  test('the cookie of its browser', async () => {
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
    const { cookie } = visitor;
    expect(await statusOf(order(units, { cookie }))).toBe(201);
    expect(await statusOf(order(1, { from: address(2), cookie }))).toBe(409);
    expect(await statusOf(order(1, { from: address(3) }))).toBe(201);
  });
});

test('twenty requests of one client at once hold as much as one client may', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => order(1)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(units);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(20 - units);
});

test('a refusal has a code and the exceeded limit, and stays under its key', async () => {
  await order(units);
  const key = randomUUID();
  for (let time = 0; time < 2; time += 1) {
    const { status, body } = await order(1, { key });
    expect([status, body]).toEqual([
      409,
      expect.objectContaining({ code: 'hold_limit', limit: 'units', order_id: expect.any(Number) }),
    ]);
  }
});

test('a paid order holds nothing for its client any more', async () => {
  const { body } = await order(units);
  const placed = { ...body, key: '' } as unknown as TestOrder;
  await pay(shop, placed);
  await becomes(shop, placed, { status: ['paid', 'dispatched'] });
  expect(await statusOf(order(units))).toBe(201);
});

test('a whole catalogue in one order is refused, and nothing of it is held', async () => {
  const before = await shop.database('stock').orderBy('product_id');
  const rows = await shop.database('products').join('stock', 'stock.product_id', 'products.product_id');
  const items = rows.map(({ sku, available }) => ({ sku, qty: available }));
  const { status, body } = await ask(`${shop.shopUrl}/checkout/x`, { items });
  expect([status, body['code']]).toEqual([409, 'hold_limit']);
  expect(await shop.database('stock').orderBy('product_id')).toEqual(before);
});

describe('a cart', () => {
  let visitor: Visitor;

  beforeEach(() => {
    visitor = new Visitor(shop.shopUrl);
  });

  async function send(): Promise<Answer> {
    const headers = { 'x-forwarded-for': address() };
    const { text } = await visitor.get('/cart/checkout');
    const form = { key: fieldIn(text, 'key'), fingerprint: fieldIn(text, 'fingerprint') };
    return visitor.post('/cart/checkout', { ...form, email: `buyer-${network}@reader.example` }, headers);
  }

  test('with more than the share says how many can be ordered, and those can', async () => {
    await visitor.post('/cart/lines', { sku: 'bell', qty: '3' });
    const refused = await send();
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('You can order 2 of Small Brass Bell at most');
    await visitor.post('/cart/lines/bell', { qty: '2' });
    const placed = await send();
    expect(placed.location).toContain(shop.paymentUrl);
    const session = placed.location?.split('/').at(-1);
    await fetch(`${shop.shopUrl}/payment_webhook/${session}/cancelled`, { method: 'POST' });
  });

  test('of a browser that leaves its orders unpaid is promised the hold that it gets', async () => {
    await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
    const promises: (string | undefined)[] = [];
    const holds: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      const { text } = await visitor.get('/cart/checkout');
      promises.push(/ for you for ([^<]+) while you pay/.exec(text)?.[1]);
      const session = (await send()).location?.split('/').at(-1) ?? '';
      const find = () =>
        shop
          .database('orders')
          .join('payments', 'payments.order_id', 'orders.order_id')
          .where({ session_id: session })
          .first<{ status: string; hold_expires_at: Date; created_at: Date }>('orders.*');
      const placed = await find();
      holds.push(Math.round((placed.hold_expires_at.getTime() - placed.created_at.getTime()) / 1000));
      await fetch(`${shop.shopUrl}/payment_webhook/${session}/cancelled`, { method: 'POST' });
      await waitFor('its end', find, ({ status }) => status === 'cancelled');
    }
    expect(promises).toEqual(['2 minutes', '2 minutes', '60 seconds']);
    expect(holds).toEqual([120, 120, 60]);
  });

  test('with more than one shopper may hold says so', async () => {
    await visitor.post('/cart/lines', { sku: 'shackle', qty: String(units + 1) });
    const refused = await send();
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('That is more than one shopper can hold at once,');
    expect((await visitor.get('/your-orders')).text).not.toContain('/orders/');
  });
});

test('neither the address nor the browser of a client is stored with its order in clear text', async () => {
  const visitor = new Visitor(shop.shopUrl);
  await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
  const browserId = decodeURIComponent(visitor.cookie).split(/[=.]/)[1] ?? '';
  const key = randomUUID();
  const { body } = await order(1, { key, cookie: visitor.cookie });
  const holders = await shop.database('holders').where({ order_id: body['order_id'] }).pluck('client_hash');
  expect(holders).toHaveLength(2);
  const rows = await Promise.all([
    shop.database('orders').where({ checkout_key: key }),
    waitFor(
      'the recorded input',
      () => shop.database('dbos.workflow_input').where({ workflow_uuid: `checkout-${key}` }),
      (found) => found.length === 1,
    ),
  ]);
  const stored = JSON.stringify([rows, holders]);
  expect(stored).toContain(holders[0]);
  expect(browserId).toMatch(/^.{22}$/);
  for (const secret of [address(), browserId]) expect(stored).not.toContain(secret);
});
