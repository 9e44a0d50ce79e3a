import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { ask, becomes, hurryDispatch, pay, type TestOrder } from '../support/orders.ts';
import { typedDelivery } from '../support/page-orders.ts';
import { stockAccounts } from '../support/promises.ts';
import { authorized, everyRefundMade, operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Refunds of units: exactly what was paid for them, with their share of discount, tax and delivery.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ OPERATOR_TOKEN: operatorToken, DISPATCH_SECONDS: '600' });
  await shop
    .database('tax_zones')
    .insert({ country: 'US', region: 'OR', name: 'Sales tax', included: false });
  await shop
    .database('tax_rates')
    .insert({ country: 'US', region: 'OR', tax_class: 'standard', rate: 88_750 });
  await shop.database('discount_codes').insert({ code: 'SEVENTH', percent: 7 });
});

afterAll(async () => {
  expect((await auditDatabase(shop.database, 30)).broken).toEqual([]);
  await shop.close();
});

const { delivery: _express, ...address } = typedDelivery;

async function paidOrder(): Promise<TestOrder> {
  const key = randomUUID();
  const items = [
    { sku: 'shackle', qty: 3 },
    { sku: 'thimble', qty: 7 },
  ];
  const delivery = { method: 'standard', address };
  const { body } = await ask(`${shop.shopUrl}/checkout/${key}`, {
    items,
    delivery,
    discount_code: 'seventh',
  });
  const order = { ...(body as unknown as TestOrder), key };
  await pay(shop, order);
  await becomes(shop, order, { state: 'settled' });
  return order;
}

async function made(order: TestOrder, body: object): Promise<number> {
  const { status, body: answer } = await refund(shop, order, body);
  expect([status, answer['code']]).toEqual([202, undefined]);
  return Number(answer['amount']);
}

test('the units of an order come back one by one with exactly what was paid for them, then the delivery', async () => {
  const order = await paidOrder();
  const before = await stockAccounts(shop.database);
  let back = 0;
  for (let unit = 0; unit < 3; unit += 1) back += await made(order, { lines: [{ sku: 'shackle', qty: 1 }] });
  for (let unit = 0; unit < 7; unit += 1) back += await made(order, { lines: [{ sku: 'thimble', qty: 1 }] });
  const line = await shop.database('order_lines').where({ order_id: order.order_id }).select();
  const paid = line.reduce(
    (sum, { quantity, unit_price_cents: price, discount_cents: discount, tax_cents: tax }) =>
      sum + quantity * price - discount + tax,
    0,
  );
  expect(back).toBe(paid);
  back += await made(order, { delivery: true });
  expect(back).toBe(order.total);
  await everyRefundMade(shop);
  await becomes(shop, order, { status: 'refunded', state: 'refunded', refunded: order.total });
  const after = await stockAccounts(shop.database);
  expect(after['shackle']?.available).toBe((before['shackle']?.available ?? 0) + 3);
  const taxes = await shop.database('refund_lines').sum('tax_cents as tax').first();
  expect(Number(taxes?.['tax'])).toBe(line.reduce((sum, { tax_cents: tax }) => sum + tax, 0));
});

test('no unit comes back twice, also for operators at once, and no delivery', async () => {
  const order = await paidOrder();
  const answers = await Promise.all(
    // There would be money for more.
    Array.from({ length: 10 }, () => refund(shop, order, { lines: [{ sku: 'thimble', qty: 7 }] })),
  );
  const refused = answers.filter(({ status }) => status !== 202);
  expect(refused.map(({ status, body }) => [status, body['code']])).toEqual(
    Array.from({ length: 9 }, () => [409, 'refund_too_large']),
  );
  await made(order, { delivery: true });
  expect((await refund(shop, order, { delivery: true })).status).toBe(409);
});

test.each([
  ['more units than were ordered', { lines: [{ sku: 'shackle', qty: 4 }] }, 409, 'refund_too_large'],
  ['a product that was not ordered', { lines: [{ sku: 'bell', qty: 1 }] }, 409, 'refund_too_large'],
  [
    'a product twice, which is more',
    {
      lines: [
        { sku: 'shackle', qty: 2 },
        { sku: 'shackle', qty: 2 },
      ],
    },
    409,
    'refund_too_large',
  ],
  ['no units', { lines: [{ sku: 'shackle', qty: 0 }] }, 400, 'invalid_input'],
  ['an amount and lines', { amount: 100, lines: [{ sku: 'shackle', qty: 1 }] }, 400, 'invalid_input'],
])('%s is refused', async (_, body, status, code) => {
  const answer = await refund(shop, await paidOrder(), body);
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
});

test('under one key there is one refund of a line, and another body is refused', async () => {
  const order = await paidOrder();
  const headers = { ...authorized, 'idempotency-key': randomUUID() };
  const one = { lines: [{ sku: 'shackle', qty: 1 }] };
  const first = await refund(shop, order, one, headers);
  expect(await refund(shop, order, one, headers)).toMatchObject({
    status: 202,
    body: { refund_id: first.body['refund_id'] },
  });
  const two = { lines: [{ sku: 'shackle', qty: 2 }] };
  expect(await refund(shop, order, two, headers)).toMatchObject({
    status: 422,
    body: { code: 'key_reused' },
  });
});

test('what was dispatched returns to stock only when that is asked for', async () => {
  const order = await paidOrder();
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  const returned = async () => {
    const rows = await shop
      .database('order_lines')
      .where({ order_id: order.order_id })
      .orderBy('quantity')
      .select('returned');
    return rows.map(({ returned }) => returned);
  };
  await made(order, { lines: [{ sku: 'shackle', qty: 1 }] });
  expect(await returned()).toEqual([0, 0]);
  await made(order, { lines: [{ sku: 'shackle', qty: 2 }], restock: true });
  expect(await returned()).toEqual([2, 0]);
});
