import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPage, sendForm } from '../support/forms.ts';
import { placeOrder, placePaidOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The form of the operator's page that ships orders, as a browser without script sends it.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ FULFILMENT: 'manual', HOLD_SECONDS: '600', RECONCILE_SECONDS: '3600' });
});

afterAll(() => shop.close());

const shipments = ({ order_id: id }: TestOrder) => shop.database('shipments').where({ order_id: id });

async function form(order: TestOrder, fields: Record<string, string> = {}): Promise<Record<string, string>> {
  const html = await readPage(shop, `/operator?ship=${order.order_id}`);
  const inputs = [...html.matchAll(/name="(key|order|units-\d+|carrier|number|link)" value="([^"]*)"/g)];
  // The form of a refund comes after it, with a key and an order of its own.
  const own = Object.fromEntries(inputs.toReversed().map(([, name = '', value = '']) => [name, value]));
  return { ...own, ...fields };
}
const send = (fields: Record<string, string>) => sendForm(shop, '/operator/shipment', fields);

test('the page lists the orders that wait, and proposes everything that is left of one', async () => {
  const order = await placePaidOrder(shop, { qty: 2 });
  const list = await readPage(shop);
  expect(list).toContain(`<a href="/operator?ship=${order.order_id}#ship">Order ${order.order_id}</a>`);
  const fields = await form(order);
  const [units = ''] = Object.keys(fields).filter((name) => name.startsWith('units-'));
  expect(fields[units]).toBe('2');
  const link = 'https://parcels.example/1';
  const first = await send({ ...fields, [units]: '1', carrier: ' Parcel Post ', link });
  expect(first).toMatchObject({
    status: 303,
    location: expect.stringMatching(/^\/operator\?shipment=\d+#ship$/),
  });
  expect(await readPage(shop, first.location!)).toContain('is recorded. More is left to ship.');
  expect(await shipments(order)).toMatchObject([{ carrier: 'Parcel Post', tracking_number: null, link }]);
  const rest = await send(await form(order));
  expect(await readPage(shop, rest.location!)).toContain('is recorded. Everything has left the shop.');
  expect(await readPage(shop)).not.toContain(`/operator?ship=${order.order_id}#`);
});

test('a form that is sent twice records one parcel, and with other values it asks again', async () => {
  const order = await placePaidOrder(shop, { qty: 3 });
  const fields = await form(order);
  const [units = ''] = Object.keys(fields).filter((name) => name.startsWith('units-'));
  const sent = { ...fields, [units]: '1' };
  expect(await send(sent)).toEqual(await send(sent));
  const { status, html } = await send({ ...sent, [units]: '2' });
  expect(status).toBe(422);
  expect(html).toContain('This form was sent already');
  expect(html).not.toContain(`name="key" value="${fields['key']}"`);
  expect(await shipments(order)).toHaveLength(1);
});

test.each([
  ['units', '3', 409, 'That is more than is left to ship'],
  ['units', '0', 400, 'Write whole numbers, and at least one above zero'],
  ['units', '1.5', 400, 'Write whole numbers'],
  ['units', '', 400, 'Write whole numbers'],
  ['carrier', 'x'.repeat(61), 400, 'at most 60 characters'],
  ['number', 'x'.repeat(61), 400, 'at most 60 characters'],
  ['link', 'parcels.example', 400, 'begins with https:// or http://'],
  ['link', 'javascript:alert(1)', 400, 'begins with https:// or http://'],
])(
  'a parcel with the %s %j is refused at that field, and keeps what was typed',
  async (field, typed, status, says) => {
    const order = await placePaidOrder(shop, { qty: 2 });
    const fields = await form(order, { carrier: 'Parcel Post' });
    const [units = ''] = Object.keys(fields).filter((name) => name.startsWith('units-'));
    const name = field === 'units' ? units : field;
    const answer = await send({ ...fields, [name]: typed });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(says);
    const [input] = new RegExp(`<input id="(?:shipping-)?${name}"[^>]*>`).exec(answer.html) ?? [];
    expect(input).toContain(`value="${typed}"`);
    expect(input).toMatch(/aria-invalid="true"/);
    expect(await shipments(order)).toEqual([]);
  },
);

test.each([
  ['no number', '7.5', 'An order number is a whole number'],
  ['an unknown order', '2000000', 'There is no such order'],
])('%s is refused at the order', async (_what, typed, says) => {
  expect(await readPage(shop, `/operator?ship=${typed}`)).toMatch(new RegExp(`aria-invalid[^]*${says}`));
  const fields = { key: randomUUID(), order: typed, 'units-1': '1', carrier: '', number: '', link: '' };
  expect((await send(fields)).html).toContain(says);
});

test('an order that is not paid, or that has left, has no form', async () => {
  const pending = await placeOrder(shop);
  expect(await readPage(shop, `/operator?ship=${pending.order_id}`)).toContain('It is not paid');
  const gone = await placePaidOrder(shop);
  const fields = await form(gone);
  await send(fields);
  expect(await readPage(shop, `/operator?ship=${gone.order_id}`)).toContain('Nothing of it is left to ship');
  const late = await send({ ...fields, key: randomUUID() });
  expect(late.status).toBe(409);
  expect(late.html).toContain('Nothing of it is left to ship');
});

test('a list that is too long says how many orders wait, and leads on as they are shipped', async () => {
  await shop.database.raw(
    `with placed as (
       insert into orders (checkout_key, request_hash, token, request_id, status, subtotal_cents, total_cents, currency, fulfilment,
         hold_expires_at, paid_at, dispatch_due_at)
       select 'urgent-' || n, repeat('0', 64), 'a-token-that-nobody-guesses-' || n, 'request', 'paid', 100, 100, 'USD', 'manual',
         now(), now(), now()
       from generate_series(1, 20) as n returning order_id
     ), lines as (
       insert into order_lines (order_id, product_id, quantity, unit_price_cents) select order_id, 1, 1, 100 from placed
     )
     insert into payments (order_id, state, transaction_id, amount_cents, currency)
     select order_id, 'settled', 'pi_urgent_' || order_id, 100, 'USD' from placed`,
  );
  const order = await placePaidOrder(shop);
  const html = await readPage(shop);
  const [, inAll] = /These are the most urgent 20 of (\d+) orders/.exec(html) ?? [];
  expect(Number(inAll)).toBeGreaterThan(20);
  expect(html).not.toContain(`/operator?ship=${order.order_id}#`);
  await shop
    .database('payments')
    .where({ amount_cents: 100 })
    .update({ state: 'refund_due', refunded_cents: 100 });
  expect(await readPage(shop)).toContain(`/operator?ship=${order.order_id}#`);
});
