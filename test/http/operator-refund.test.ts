import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPage, sendForm } from '../support/forms.ts';
import { expectMoneySettled, moneyOf } from '../support/money.ts';
import { becomes, placeOrder, placePaidOrder, type TestOrder } from '../support/orders.ts';
import { typedDelivery } from '../support/page-orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The refund form of the operator's page, as a browser without script sends it.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', HOLD_SECONDS: '600', RECONCILE_SECONDS: '3600' });
});

afterAll(async () => {
  await waitFor(
    'every refund',
    () => shop.database('refunds').where({ state: 'due' }),
    (due) => due.length === 0,
  );
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

const form = ({ order_id: id }: Pick<TestOrder, 'order_id'>, fields: Record<string, string> = {}) => ({
  key: randomUUID(),
  order: String(id),
  amount: '',
  reason: 'came broken',
  restock: 'usual',
  ...fields,
});
const refund = (fields: Readonly<Record<string, string>>) => sendForm(shop, '/operator/refund', fields);
const refundsOf = ({ order_id: id }: TestOrder) => shop.database('refunds').where({ order_id: id });

test('a partial refund is exact to the cent, and the page shows its state', async () => {
  const order = await placePaidOrder(shop);
  const sent = await refund(form(order, { amount: ' 4.35 ' }));
  expect(sent).toMatchObject({
    status: 303,
    location: expect.stringMatching(/^\/operator\?refund=\d+#refund$/),
  });
  await becomes(shop, order, { status: 'paid', refunded: 435 });
  expect(await refundsOf(order)).toMatchObject([
    { amount_cents: 435, reason: 'operator', note: 'came broken', actor: 'operator' },
  ]);
  const html = await waitFor(
    'the refund to be made',
    () => readPage(shop, sent.location!),
    (text) => text.includes('$4.35, was made.'),
  );
  expect(html).toContain(`<a href="${new URL(order.order_url).pathname}">Order ${order.order_id}</a>`);
  expect(await moneyOf(shop, order)).toMatchObject({ refunds: [435] });
});

test('the units of an order are chosen, with those that are shipped, and its delivery', async () => {
  const { delivery: _express, ...address } = typedDelivery;
  const order = await placePaidOrder(shop, {
    sku: 'thimble',
    qty: 3,
    delivery: { method: 'express', address },
  });
  const fields = form(order, { reason: 'broken' });
  const { status, html } = await refund({ ...fields, show: 'units' });
  expect(status).toBe(200);
  expect(html).toMatch(/id="refund-order"[^>]* readonly/);
  expect(html).toMatch(/id="units-thimble"[^>]*value="0"[^]*?, of 3 not shipped/);
  expect(html).toContain('name="reason" value="broken"');
  expect(html).not.toContain('id="shipped-thimble"');
  const { order_id } = order;
  await shop.database('order_lines').where({ order_id }).update({ shipped: 1 });
  expect((await refund({ ...fields, 'units-thimble': '1', delivery: 'yes' })).status).toBe(303);
  expect((await refund(form(order, { 'shipped-thimble': '1' }))).status).toBe(303);
  const [line] = await shop.database('order_lines').where({ order_id });
  expect(line).toMatchObject({ shipped: 1, stopped: 1, returned: 1 });
  const page = await readPage(shop, `/operator?order=${order_id}`);
  expect(page).toMatch(/id="units-thimble"[^]*?, of 1 not shipped/);
  expect(page).not.toMatch(/id="shipped-thimble"|The delivery,/);
  const tooMany = await refund(form(order, { 'units-thimble': '2' }));
  expect(tooMany.status).toBe(409);
  expect(tooMany.html).toMatch(/id="units-thimble"[^>]*value="2"[^>]*aria-invalid="true" autofocus/);
  await shop.database('order_lines').where({ order_id }).update({ shipped: 0, stopped: 2 });
});

test.each([
  [{ 'units-shackle': 'x' }, 400, 'Write whole numbers.'],
  [{ 'units-shackle': '-1' }, 400, 'Write whole numbers.'],
  [{ 'units-shackle': '1', amount: '1.00' }, 400, 'Write an amount, or choose units'],
  [{ delivery: 'yes', amount: '1.00' }, 400, 'Write an amount, or choose units'],
  [{ all: 'yes', 'units-shackle': '1' }, 400, 'Write an amount, or choose units'],
  [{ parts: 'yes', 'units-shackle': '0' }, 400, 'Choose what is paid back'],
  [{ parts: 'yes' }, 400, 'Choose what is paid back'],
  [{ 'units-bell': '1' }, 409, 'That is more than can be refunded.'],
  [{ 'shipped-shackle': '1' }, 409, 'That is more than can be refunded.'],
])('a refund of units with %j is refused', async (fields, status, says) => {
  const order = await placePaidOrder(shop);
  const answer = await refund(form(order, fields));
  expect(answer.status).toBe(status);
  expect(answer.html).toContain(says);
  expect(await refundsOf(order)).toEqual([]);
});

test.each([
  ['x', 400, 'An order number is a whole number'],
  ['2000000000', 404, 'There is no such order'],
])('the units of the order %j are not shown', async (order, status, says) => {
  const answer = await refund({ ...form({ order_id: 1 }), order, show: 'units' });
  expect(answer.status).toBe(status);
  expect(answer.html).toContain(says);
});

test('all that is left is refunded when it is chosen', async () => {
  const order = await placePaidOrder(shop);
  const { html } = await refund({ ...form(order), show: 'units' });
  expect(html).toContain('All that is left, $18.90');
  expect((await refund(form(order, { parts: 'yes', 'units-shackle': '0', all: 'yes' }))).status).toBe(303);
  await becomes(shop, order, { status: 'refunded', refunded: order.total });
});

test('units that are shipped while the form is open are not refunded as units that are not', async () => {
  const order = await placePaidOrder(shop, { sku: 'thimble', qty: 2 });
  const lines = () => shop.database('order_lines').where({ order_id: order.order_id });
  await lines().update({ shipped: 1 });
  expect((await refund(form(order, { parts: 'yes', 'units-thimble': '2' }))).status).toBe(409);
  expect(await refundsOf(order)).toEqual([]);
  await lines().update({ shipped: 0 });
});

test('the units of an order that is not paid are not shown', async () => {
  const { status, html } = await refund({ ...form(await placeOrder(shop)), show: 'units' });
  expect(status).toBe(409);
  expect(html).toContain('It is not paid');
});

test('a refund without an amount is a full refund, and restocks the units', async () => {
  const order = await placePaidOrder(shop);
  expect((await refund(form(order))).status).toBe(303);
  await becomes(shop, order, { status: 'refunded', refunded: order.total });
  const [line] = await shop.database('order_lines').where({ order_id: order.order_id });
  expect(line).toMatchObject({ returned: 1 });
});

test('a full refund does not restock the units, if so chosen', async () => {
  const order = await placePaidOrder(shop);
  expect((await refund(form(order, { restock: 'no' }))).status).toBe(303);
  await becomes(shop, order, { status: 'refunded' });
  const [line] = await shop.database('order_lines').where({ order_id: order.order_id });
  expect(line).toMatchObject({ returned: 0 });
});

test('a refund that is sent twice is one refund, and its form cannot make another', async () => {
  const order = await placePaidOrder(shop);
  const fields = form(order, { amount: '1.00' });
  const [first, second] = [await refund(fields), await refund(fields)];
  expect(second).toEqual(first);
  const { status, html } = await refund({ ...fields, amount: '2.00' });
  expect(status).toBe(422);
  expect(html).toContain('This form was sent already');
  const key = /name="key" value="([^"]*)"/.exec(html)?.[1];
  expect(key).not.toBe(fields.key);
  expect(await refundsOf(order)).toHaveLength(1);
  expect((await refund({ ...fields, amount: '2.00', key: key! })).status).toBe(303);
  expect(await refundsOf(order)).toHaveLength(2);
});

test.each([
  ['amount', '12.505', 400, 'Write an amount above zero, such as $12.50.'],
  ['amount', '0.00', 400, 'Write an amount above zero'],
  ['amount', '-1', 400, 'Write an amount above zero'],
  ['amount', '1,50', 400, 'Write an amount above zero'],
  ['amount', '1000', 409, 'At most $18.90 of this order can still be paid back.'],
  ['reason', ' ', 400, 'Say why in 1 to 200 characters.'],
  ['reason', 'x'.repeat(201), 400, 'Say why in 1 to 200 characters.'],
  ['order', '', 400, 'An order number is a whole number'],
  ['order', '7.5', 400, 'An order number is a whole number'],
  ['order', '2000000000', 404, 'There is no such order'],
])(
  'a refund with the %s %j is refused at that field, and keeps the typed text',
  async (field, typed, status, says) => {
    const order = await placePaidOrder(shop);
    const fields = form(order, { amount: '1.25', [field]: typed });
    const answer = await refund(fields);
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(says);
    const [input] = new RegExp(`<input id="refund-${field}"[^>]*>`).exec(answer.html) ?? [];
    expect(input).toMatch(/refund-fault".*autofocus/);
    for (const name of ['order', 'amount', 'reason', 'key'] as const) {
      expect(answer.html).toContain(`name="${name}" value="${fields[name]}"`);
    }
    expect(await refundsOf(order)).toEqual([]);
  },
);

test('a refund of an amount that would restock units is refused at the units', async () => {
  const order = await placePaidOrder(shop);
  const { status, html } = await refund(form(order, { amount: '1.00', restock: 'yes' }));
  expect(status).toBe(400);
  expect(html).toMatch(/value="yes" checked aria-invalid="true" autofocus/);
  expect(html).toContain('An amount says nothing about units');
  expect(await refundsOf(order)).toEqual([]);
});

test('a refund of an order that is not paid is refused at the order', async () => {
  const order = await placeOrder(shop);
  const { status, html } = await refund(form(order));
  expect(status).toBe(409);
  expect(html).toContain('It is not paid');
});

test.each([{ restock: 'maybe' }, { key: '' }, { key: 'a b' }])(
  'a refund with a forged form, %j, is refused',
  async (fields) => {
    const order = await placePaidOrder(shop);
    expect((await refund(form(order, fields as Record<string, string>))).status).toBe(400);
    expect(await refundsOf(order)).toEqual([]);
  },
);
