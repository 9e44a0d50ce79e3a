import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { readPage } from '../support/forms.ts';
import { expectMoneySettled } from '../support/money.ts';
import { ask, becomes, placePaidOrder, type TestOrder } from '../support/orders.ts';
import { typedDelivery } from '../support/page-orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { authorized, everyRefundMade, operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Refunds of units of orders that operators ship in parcels: which units are stopped, and which return to stock.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ FULFILMENT: 'manual', HOLD_SECONDS: '600', OPERATOR_TOKEN: operatorToken });
});

afterAll(async () => {
  await everyRefundMade(shop);
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  expect((await auditDatabase(shop.shopDatabase, 3600)).broken).toEqual([]);
  await shop.close();
});

type Units = Readonly<Record<string, number>>;

function paidOrder(units: Units): Promise<TestOrder> {
  return placePaidOrder(shop, { items: Object.entries(units).map(([sku, qty]) => ({ sku, qty })) });
}

async function ship({ order_id: id }: TestOrder, units: Units): Promise<void> {
  const products = await shop
    .database('products')
    .whereIn('sku', Object.keys(units))
    .select('product_id', 'sku');
  const lines = products.map(({ product_id, sku }) => ({ product_id, quantity: units[sku] }));
  const headers = { ...authorized, 'idempotency-key': randomUUID() };
  const { status } = await ask(`${shop.shopUrl}/order/${id}/shipments`, { lines }, { headers });
  expect(status).toBe(201);
}

const linesOf = (units: Units) => Object.entries(units).map(([sku, qty]) => ({ sku, qty }));

async function refundUnits(order: TestOrder, units: Units, more: object = {}): Promise<void> {
  const answer = await refund(shop, order, { lines: linesOf(units), ...more });
  expect([answer.status, answer.body['code']]).toEqual([202, undefined]);
}

/** What became of the units of each line: shipped, stopped, and returned to stock. */
async function unitsOf({ order_id: id }: TestOrder): Promise<Record<string, string>> {
  const lines = await shop
    .database('order_lines')
    .join('products', 'products.product_id', 'order_lines.product_id')
    .where({ order_id: id })
    .select('sku', 'shipped', 'stopped', 'returned');
  return Object.fromEntries(
    lines.map(({ sku, shipped, stopped, returned }) => [
      sku,
      `${shipped} shipped, ${stopped} stopped, ${returned} returned`,
    ]),
  );
}

test('units that are the rest of the money return with those that are left, not with shipped units of other lines', async () => {
  const order = await paidOrder({ bell: 2, cleat: 2, shackle: 1 });
  await ship(order, { bell: 1, cleat: 1, shackle: 1 });
  const bell = await shop.database('products').where({ sku: 'bell' }).first('price_cents');
  // The buyer got the price of the bells for something else.
  await refund(shop, order, { amount: 2 * bell['price_cents'] });
  await refundUnits(order, { shackle: 1 });
  await refundUnits(order, { cleat: 2 }, { restock: true });
  expect(await unitsOf(order)).toEqual({
    bell: '1 shipped, 1 stopped, 1 returned',
    cleat: '1 shipped, 1 stopped, 2 returned',
    shackle: '1 shipped, 0 stopped, 0 returned',
  });
});

test('a refund of shipped units stops none, and each unit is refunded once', async () => {
  const order = await paidOrder({ thimble: 3 });
  await ship(order, { thimble: 2 });
  const shipped = (qty: number) => ({ lines: [{ sku: 'thimble', qty, shipped: true }] });
  expect(await refund(shop, order, shipped(3))).toMatchObject({ status: 409 });
  expect(await refund(shop, order, shipped(1))).toMatchObject({ status: 202 });
  expect(await unitsOf(order)).toEqual({ thimble: '2 shipped, 0 stopped, 0 returned' });
  expect(await refund(shop, order, { ...shipped(1), restock: true })).toMatchObject({ status: 202 });
  expect(await unitsOf(order)).toEqual({ thimble: '2 shipped, 0 stopped, 1 returned' });
  expect(await refund(shop, order, shipped(1))).toMatchObject({
    status: 409,
    body: { code: 'refund_too_large' },
  });
  await ship(order, { thimble: 1 });
  await refundUnits(order, { thimble: 1 });
  expect(await unitsOf(order)).toEqual({ thimble: '3 shipped, 0 stopped, 1 returned' });
});

test('other lines are about units that are not shipped, as far as there are any', async () => {
  const order = await paidOrder({ thimble: 4, cleat: 1 });
  await ship(order, { thimble: 2 });
  const [one, oneShipped] = [
    { sku: 'thimble', qty: 1 },
    { sku: 'thimble', qty: 1, shipped: true },
  ];
  const key = { ...authorized, 'idempotency-key': randomUUID() };
  expect(await refund(shop, order, { lines: [one, oneShipped] }, key)).toMatchObject({ status: 202 });
  expect(await refund(shop, order, { lines: [one, oneShipped] }, key)).toMatchObject({ status: 202 });
  expect(await refund(shop, order, { lines: [one, one] }, key)).toMatchObject({ status: 422 });
  expect(await unitsOf(order)).toMatchObject({ thimble: '2 shipped, 1 stopped, 1 returned' });
  await refundUnits(order, { thimble: 2 }, { restock: true });
  expect(await unitsOf(order)).toMatchObject({ thimble: '2 shipped, 2 stopped, 3 returned' });
});

test('units that cost nothing are stopped without a refund at the provider, a message or an amount on any page', async () => {
  await shop.database('discount_codes').insert({ code: 'GIFT', percent: 100 });
  const { delivery: _express, ...address } = typedDelivery;
  const order = await placePaidOrder(shop, {
    items: linesOf({ cleat: 1, thimble: 2 }),
    delivery: { method: 'express', address },
    discount_code: 'gift',
    email: 'ada@reader.example',
  });
  const one = { lines: linesOf({ thimble: 1 }) };
  expect(await refund(shop, order, one)).toMatchObject({ status: 202, body: { amount: 0, status: 'made' } });
  expect(await unitsOf(order)).toEqual({
    cleat: '0 shipped, 0 stopped, 0 returned',
    thimble: '0 shipped, 1 stopped, 1 returned',
  });
  const page = new URL(order.order_url).pathname;
  for (const path of [page, `${page}/receipt`]) expect(await readPage(shop, path)).not.toMatch(/refund/i);
  const emails = shop.database('emails').where({ order_id: order.order_id });
  expect(await emails.pluck('kind')).toEqual(['order_confirmed']);
  expect(await refund(shop, order, { lines: linesOf({ thimble: 2 }) })).toMatchObject({ status: 409 });
  expect(await refund(shop, order, { delivery: true })).toMatchObject({ status: 202 });
  await becomes(shop, order, { status: 'refunded' });
  expect(await unitsOf(order)).toMatchObject({ cleat: '0 shipped, 1 stopped, 1 returned' });
});

test('units that a request means to be stopped are never refunded as shipped ones', async () => {
  const order = await paidOrder({ thimble: 2 });
  await ship(order, { thimble: 1 });
  const notShipped = (qty: number) => ({ lines: [{ sku: 'thimble', qty, shipped: false }] });
  expect(await refund(shop, order, notShipped(2))).toMatchObject({ status: 409 });
  expect(await refund(shop, order, notShipped(1))).toMatchObject({ status: 202 });
  expect(await unitsOf(order)).toEqual({ thimble: '1 shipped, 1 stopped, 1 returned' });
});

test('units of which less is left than was paid for them are refunded with what is left, if they are all that is left', async () => {
  const order = await paidOrder({ cleat: 2, thimble: 1 });
  await refund(shop, order, { amount: order.total - 100 });
  const some = await refund(shop, order, { lines: linesOf({ cleat: 2 }) });
  expect(some).toMatchObject({ status: 409, body: { code: 'refund_too_large', refundable: 100 } });
  expect(await unitsOf(order)).toMatchObject({ thimble: '0 shipped, 0 stopped, 0 returned' });
  expect(await refund(shop, order, { lines: linesOf({ cleat: 2, thimble: 1 }) })).toMatchObject({
    status: 202,
    body: { amount: 100 },
  });
  await becomes(shop, order, { status: 'refunded', refunded: order.total });
  expect(await unitsOf(order)).toEqual({
    cleat: '0 shipped, 2 stopped, 2 returned',
    thimble: '0 shipped, 1 stopped, 1 returned',
  });
});

test('an order whose units were all refunded before they were shipped says that nothing is sent', async () => {
  const { delivery: _express, ...address } = typedDelivery;
  const order = await placePaidOrder(shop, {
    items: linesOf({ cleat: 2 }),
    delivery: { method: 'express', address },
    email: 'ada@reader.example',
  });
  await refundUnits(order, { cleat: 2 });
  await becomes(shop, order, { status: 'dispatched', state: 'settled' });
  const page = await readPage(shop, new URL(order.order_url).pathname);
  expect(page).toContain('Nothing of this order will be sent.');
  expect(page).toMatch(/class="pill[^>]*>[^]*?Not sent/);
  expect(page).not.toMatch(/Expected|Dispatched/);
  const message = await waitFor(
    'the message about the refund',
    () => shop.database('emails').where({ order_id: order.order_id, kind: 'refund_made' }).first(),
    (email) => email?.text_body !== null && email !== undefined,
  );
  expect(message.text_body).toContain('Nothing of your order will be sent.');
});
