import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { eraseOldTracking } from '../../src/database/transactions/erase-personal-data.ts';
import { flagOverdueWork } from '../../src/database/transactions/flag-overdue-work.ts';
import { lockPayment } from '../../src/database/transactions/lock-payment.ts';
import { stopShipping } from '../../src/database/transactions/ship-order.ts';
import { inTransaction, statementsOf } from '../../src/shared/statement.ts';
import { readPage, sendForm } from '../support/forms.ts';
import { expectMoneySettled } from '../support/money.ts';
import {
  type Answer,
  ask,
  attentionItems,
  becomes,
  control,
  placeOrder,
  placePaidOrder,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { authorized, everyRefundMade, operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A shop whose operators ship: FULFILMENT=manual.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    FULFILMENT: 'manual',
    DISPATCH_SECONDS: '0.1',
    HOLD_SECONDS: '600',
    RECONCILE_SECONDS: '3600',
    OPERATOR_TOKEN: operatorToken,
  });
});

afterAll(async () => {
  await everyRefundMade(shop);
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  expect((await auditDatabase(shop.shopDatabase, 3600)).broken).toEqual([]);
  await shop.close();
});

const email = 'ada@reader.example';
const address = {
  name: 'Ada',
  line1: '7 Dover Street',
  postal_code: 'W1S 4LD',
  city: 'London',
  country: 'GB',
};
const delivery = { method: 'standard', address };
const parcel = { carrier: 'Parcel Post', number: 'PP123456785', link: 'https://parcels.example/PP123456785' };

function ship({ order_id: id }: TestOrder, body: unknown = {}, key: string = randomUUID()): Promise<Answer> {
  const headers = { ...authorized, 'idempotency-key': key };
  return ask(`${shop.shopUrl}/order/${id}/shipments`, body, { headers });
}

const linesOf = ({ order_id: id }: TestOrder) =>
  shop
    .database('order_lines')
    .where({ order_id: id })
    .orderBy('product_id')
    .select('product_id', 'quantity', 'shipped', 'stopped', 'returned');
const shipmentsOf = ({ order_id: id }: TestOrder) => shop.database('shipments').where({ order_id: id });
const pageOf = ({ order_url: url }: TestOrder) => readPage(shop, new URL(url).pathname);
const historyOf = ({ order_id: id }: TestOrder) =>
  shop.database('order_history').where({ order_id: id }).orderBy('history_id').pluck<string[]>('what');
const productOf = async (order: TestOrder) => Number((await linesOf(order))[0].product_id);

/** The messages about an order, once there are so many. */
async function messagesOf({ order_id: id }: TestOrder, count: number) {
  return waitFor(
    `${count} messages`,
    () =>
      shop
        .database('emails')
        .where({ order_id: id })
        .whereNotNull('sent_at')
        .orderBy('email_id')
        .select<{ kind: string; subject: string; text_body: string; html_body: string }[]>(),
    (sent) => sent.length >= count,
  );
}

test('a paid order waits for an operator: no dispatch begins, and the page says by when it is shipped', async () => {
  const order = await placePaidOrder(shop, { email, delivery });
  const workflow = { workflow_uuid: `dispatch-${order.order_id}` };
  expect(await shop.database('dbos.workflow_status').where(workflow)).toEqual([]);
  expect(await shop.database('due_work').where({ order_id: order.order_id, workflow: 'dispatch' })).toEqual(
    [],
  );
  const page = await pageOf(order);
  expect(page).toMatch(/data-step="preparing"[^]*Being prepared, to be shipped by \w{3} \d/);
  expect(page).not.toContain('<progress');
  const [confirmation] = await messagesOf(order, 1);
  expect(confirmation?.text_body).toContain('Your order is being prepared.');
  await ship(order);
});

test('everything in one parcel dispatches the order, and its buyer gets carrier, number and link once', async () => {
  const order = await placePaidOrder(shop, { qty: 3, email, delivery });
  const { status, body } = await ship(order, parcel);
  expect(status).toBe(201);
  const items = [{ product_id: await productOf(order), quantity: 3 }];
  expect(body).toMatchObject({ order_id: order.order_id, ...parcel, lines: items });
  await becomes(shop, order, { status: 'dispatched' });
  expect(await linesOf(order)).toMatchObject([{ shipped: 3, stopped: 0, returned: 0 }]);
  expect(await historyOf(order)).toEqual(['placed', 'payment_opened', 'paid', 'shipped', 'dispatched']);
  const sent = await messagesOf(order, 2);
  expect(sent.map(({ kind }) => kind)).toEqual(['order_confirmed', 'shipped']);
  for (const text of [sent[1]?.text_body, sent[1]?.html_body]) {
    for (const said of [...Object.values(parcel), '3 × ', 'everything of your order has left']) {
      expect(text).toContain(said);
    }
  }
  const page = await pageOf(order);
  expect(page).toContain(`<a href="${parcel.link}" rel="noreferrer nofollow">Follow parcel 1</a>`);
  expect(page).toContain(parcel.number);
});

test('an order that its buyer collects is made ready instead of sent, on its page and in its messages', async () => {
  const order = await placePaidOrder(shop, { qty: 2, email });
  const product_id = await productOf(order);
  expect(await pageOf(order)).toMatch(/Being prepared, to be ready by [^]*Ready to collect/);
  await ship(order, { lines: [{ product_id, quantity: 1 }] });
  expect(await pageOf(order)).toContain('Part 1 ready to collect');
  await ship(order);
  await becomes(shop, order, { status: 'dispatched' });
  expect(await pageOf(order)).toContain('Everything is ready for you to collect.');
  const receipt = await readPage(shop, `${new URL(order.order_url).pathname}/receipt`);
  expect(receipt).toContain('<th scope="row">Collect at the shop</th><td>Free</td>');
  const sent = await messagesOf(order, 3);
  expect(sent[0]?.text_body).toContain('Collect at the shop: Free');
  for (const { subject, text_body: text } of sent)
    expect(subject + text).not.toMatch(/parcel|dispatch|on its way|has left/i);
});

test('an order without an address is sent where the shop says that nobody collects', async () => {
  const collect = shop.database('delivery_methods').where({ method: 'collect' });
  // As in docs/OPERATING.md, "Delivery".
  await collect.clone().update({ name: 'Sent by post', is_collected: false });
  try {
    const order = await placePaidOrder(shop, { email });
    await ship(order);
    await becomes(shop, order, { status: 'dispatched' });
    const page = await pageOf(order);
    expect(page).toContain('Everything has left the shop.');
    expect(page).not.toMatch(/collect/i);
    for (const { subject, text_body: text } of await messagesOf(order, 2))
      expect(subject + text).not.toMatch(/collect/i);
  } finally {
    await collect.update({ name: 'Collect at the shop', is_collected: true });
  }
});

test('the message about a parcel is sent again with all that it says', async () => {
  const order = await placePaidOrder(shop, { email });
  await ship(order, parcel);
  const [, first] = await messagesOf(order, 2);
  const answer = await sendForm(shop, `${new URL(order.order_url).pathname}/contact`, { act: 'resend' });
  expect(answer.location).toMatch(/\?done=resent$/);
  const [, , again] = await messagesOf(order, 3);
  for (const part of ['kind', 'subject', 'text_body', 'html_body'] as const)
    expect(again?.[part]).toBe(first?.[part]);
});

test('an order in several parcels is dispatched with its last units, and each parcel has a message', async () => {
  const order = await placePaidOrder(shop, { qty: 5, email, delivery });
  const product_id = await productOf(order);
  expect((await ship(order, { ...parcel, lines: [{ product_id, quantity: 2 }] })).status).toBe(201);
  expect(await pageOf(order)).toMatch(/Parcel 1 shipped[^]*Being prepared/);
  expect((await becomes(shop, order, {})).status).toBe('paid');
  // The same product twice in one request is added up.
  const twice = [1, 1].map((quantity) => ({ product_id, quantity }));
  expect((await ship(order, { number: 'second', lines: twice })).status).toBe(201);
  expect((await becomes(shop, order, {})).status).toBe('paid');
  const last = await ship(order);
  expect(last.body).toMatchObject({ carrier: null, lines: [{ product_id, quantity: 1 }] });
  expect((await becomes(shop, order, {})).status).toBe('dispatched');
  const sent = await messagesOf(order, 4);
  expect(
    sent.map(({ text_body: text }) => /The rest of your order follows|everything/.exec(text)?.[0]),
  ).toEqual([undefined, 'The rest of your order follows', 'The rest of your order follows', 'everything']);
  const { body } = await ask(`${shop.shopUrl}/order/${order.order_id}`, undefined, { method: 'GET' });
  // Everybody may read this, so it has nothing that leads to the buyer.
  expect(body['shipments']).toMatchObject([
    { carrier: 'Parcel Post', lines: [{ product_id, quantity: 2 }] },
    { carrier: null, lines: [{ product_id, quantity: 2 }] },
    { carrier: null, lines: [{ product_id, quantity: 1 }] },
  ]);
  expect(JSON.stringify(body)).not.toMatch(/PP123456785|second/);
});

test('a parcel that is sent twice with one key is one parcel, and the key belongs to its content', async () => {
  const order = await placePaidOrder(shop, { qty: 2, email });
  const key = randomUUID();
  const lines = [{ product_id: await productOf(order), quantity: 1 }];
  const [first, second] = await Promise.all([
    ship(order, { ...parcel, lines }, key),
    ship(order, { ...parcel, lines }, key),
  ]);
  expect(second).toEqual(first);
  expect(first.status).toBe(201);
  expect(await ship(order, { lines }, key)).toMatchObject({ status: 422, body: { code: 'key_reused' } });
  const other = await placePaidOrder(shop);
  expect(await ship(other, { ...parcel, lines }, key)).toMatchObject({ status: 422 });
  expect(await shipmentsOf(order)).toHaveLength(1);
  expect(await linesOf(order)).toMatchObject([{ shipped: 1 }]);
  // Also after the order has left.
  await ship(order);
  expect(await ship(order, { ...parcel, lines }, key)).toEqual(first);
  await ship(other);
});

test('two operators who ship the same units at once ship them once', async () => {
  const orders = await Promise.all(Array.from({ length: 4 }, () => placePaidOrder(shop, { qty: 3 })));
  for (const order of orders) {
    const lines = [{ product_id: await productOf(order), quantity: 2 }];
    const answers = await Promise.all(Array.from({ length: 4 }, () => ship(order, { lines })));
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      201, 409, 409, 409,
    ]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'shipment_too_large',
      lines: [{ product_id: lines[0]?.product_id, left: 1 }],
    });
    expect(await linesOf(order)).toMatchObject([{ shipped: 2 }]);
    const rest = await Promise.all([ship(order), ship(order)]);
    expect(rest.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 409]);
    expect(await linesOf(order)).toMatchObject([{ shipped: 3 }]);
  }
});

test('an operator who ships and one who refunds everything at once leave either a parcel or stopped units', async () => {
  const orders = await Promise.all(Array.from({ length: 6 }, () => placePaidOrder(shop, { qty: 2 })));
  for (const order of orders) {
    const [shipped, refunded] = await Promise.all([ship(order), refund(shop, order)]);
    expect(refunded.status).toBe(202);
    await becomes(shop, order, { status: 'refunded' });
    const line =
      shipped.status === 201 ? { shipped: 2, stopped: 0 } : { shipped: 0, stopped: 2, returned: 2 };
    expect(await linesOf(order)).toMatchObject([line]);
  }
});

describe('a refund', () => {
  test('of everything stops what is not shipped, and that alone returns to stock', async () => {
    const order = await placePaidOrder(shop, { qty: 5 });
    await ship(order, { lines: [{ product_id: await productOf(order), quantity: 2 }] });
    expect((await refund(shop, order)).status).toBe(202);
    expect(await linesOf(order)).toMatchObject([{ shipped: 2, stopped: 3, returned: 3 }]);
    expect(await ship(order)).toMatchObject({
      status: 409,
      body: { code: 'not_shippable', because: 'not_paid' },
    });
    await becomes(shop, order, { status: 'refunded' });
    expect(await ship(order)).toMatchObject({ status: 409, body: { code: 'not_shippable' } });
  });

  test('of everything returns the shipped units too, if the operator has them back', async () => {
    const order = await placePaidOrder(shop, { qty: 5 });
    await ship(order, { lines: [{ product_id: await productOf(order), quantity: 2 }] });
    expect((await refund(shop, order, { restock: true })).status).toBe(202);
    expect(await linesOf(order)).toMatchObject([{ shipped: 2, stopped: 3, returned: 5 }]);
  });

  test('at the provider stops what is not shipped', async () => {
    const order = await placePaidOrder(shop, { qty: 2 });
    await control(shop, order, 'refund');
    await becomes(shop, order, { status: 'refunded' });
    expect(await linesOf(order)).toMatchObject([{ shipped: 0, stopped: 2, returned: 2 }]);
  });

  test('of a part stops nothing', async () => {
    const order = await placePaidOrder(shop, { qty: 2 });
    expect((await refund(shop, order, { amount: 100 })).status).toBe(202);
    expect((await ship(order)).status).toBe(201);
    expect(await linesOf(order)).toMatchObject([{ shipped: 2, stopped: 0 }]);
  });

  test('that the provider has reported and that is not applied yet is applied before anything is shipped', async () => {
    const order = await placePaidOrder(shop);
    await shop.database('payment_events').insert({
      event_id: `evt_early_${order.order_id}`,
      type: 'charge.refunded',
      body: '{}',
      outcome: 'too_early',
      order_id: order.order_id,
    });
    expect(await ship(order)).toMatchObject({
      status: 409,
      body: { code: 'not_shippable', because: 'event_waiting' },
    });
    await shop.database('payment_events').where({ order_id: order.order_id, outcome: 'too_early' }).delete();
    expect((await ship(order)).status).toBe(201);
  });
});

test.each<[string, object, number, string]>([
  ['more than is left', { lines: [{ product_id: 0, quantity: 3 }] }, 409, 'shipment_too_large'],
  [
    'more than is left, in two lines',
    { lines: [1, 2].map((quantity) => ({ product_id: 0, quantity })) },
    409,
    'shipment_too_large',
  ],
  ['a product of another order', { lines: [{ product_id: 8, quantity: 1 }] }, 409, 'shipment_too_large'],
  ['no such product', { lines: [{ product_id: 2_147_483_647, quantity: 1 }] }, 409, 'shipment_too_large'],
  ['no units', { lines: [{ product_id: 0, quantity: 0 }] }, 400, 'invalid_input'],
  ['a part of a unit', { lines: [{ product_id: 0, quantity: 0.5 }] }, 400, 'invalid_input'],
  ['no lines', { lines: [] }, 400, 'invalid_input'],
  [
    'too many lines',
    { lines: Array.from({ length: 51 }, () => ({ product_id: 0, quantity: 1 })) },
    400,
    'invalid_input',
  ],
  ['a script as its link', { link: 'javascript:alert(1)' }, 400, 'invalid_input'],
  ['a link with a password', { link: 'https://ada:secret@parcels.example/' }, 400, 'invalid_input'],
  ['a link that is too long', { link: `https://parcels.example/${'ä'.repeat(200)}` }, 400, 'invalid_input'],
  ['an empty number', { number: ' ' }, 400, 'invalid_input'],
  ['a number of two lines', { number: 'PP1\nPP2' }, 400, 'invalid_input'],
  ['a carrier that is too long', { carrier: 'x'.repeat(61) }, 400, 'invalid_input'],
  ['an unknown field', { weight: 3 }, 400, 'invalid_input'],
])('a parcel with %s is refused and changes nothing', async (_what, body, status, code) => {
  const order = await placePaidOrder(shop, { qty: 2, email });
  const own = await productOf(order);
  const text = JSON.stringify(body).replaceAll('"product_id":0', `"product_id":${own}`);
  expect(await ship(order, text)).toMatchObject({ status, body: { code } });
  expect(await linesOf(order)).toMatchObject([{ shipped: 0, stopped: 0 }]);
  expect(await shipmentsOf(order)).toEqual([]);
  expect((await ship(order)).status).toBe(201);
});

test('an order that is not paid, that has left, or that does not exist is not shipped', async () => {
  const pending = await placeOrder(shop);
  expect(await ship(pending)).toMatchObject({ status: 409, body: { because: 'not_paid' } });
  const gone = await placePaidOrder(shop);
  await ship(gone);
  expect(await ship(gone)).toMatchObject({ status: 409, body: { because: 'shipped' } });
  expect(await ship({ ...gone, order_id: 2_000_000 })).toMatchObject({ status: 404 });
  expect(await shipmentsOf(pending)).toEqual([]);
});

test('units that are stopped are not shipped, and an order whose rest is stopped is dispatched', async () => {
  const order = await placePaidOrder(shop, { qty: 4 });
  const productId = await productOf(order);
  const stop = (quantity: number) =>
    inTransaction(shop.shopDatabase, async (sql) => {
      await lockPayment(sql, order.order_id);
      await stopShipping(sql, order.order_id, [{ productId, quantity }]);
    });
  await stop(1);
  const lines = [{ product_id: productId, quantity: 4 }];
  expect(await ship(order, { lines })).toMatchObject({ status: 409, body: { lines: [{ left: 3 }] } });
  expect((await ship(order, { lines: [{ product_id: productId, quantity: 2 }] })).status).toBe(201);
  // More than is left: those that are shipped stay shipped.
  await stop(3);
  expect(await linesOf(order)).toMatchObject([{ shipped: 2, stopped: 2 }]);
  await becomes(shop, order, { status: 'dispatched', state: 'settled' });
  expect(await historyOf(order)).toEqual(['placed', 'payment_opened', 'paid', 'shipped', 'dispatched']);
});

test('the number and the link of a parcel go some days after its order has left, also without an address', async () => {
  const order = await placePaidOrder(shop);
  await ship(order, parcel);
  const its = { order_id: order.order_id };
  const erase = () => eraseOldTracking(statementsOf(shop.shopDatabase), 120);
  const age = async (days: number) => {
    const earlier = (column: string) => shop.database.raw("?? - ? * interval '1 day'", [column, days]);
    await shop
      .database('orders')
      .where(its)
      .update({ paid_at: earlier('paid_at'), dispatched_at: earlier('dispatched_at') });
    await shop
      .database('shipments')
      .where(its)
      .update({ shipped_at: earlier('shipped_at') });
  };
  await age(119.9);
  await erase();
  expect(await shipmentsOf(order)).toMatchObject([{ tracking_number: parcel.number, link: parcel.link }]);
  await age(0.2);
  await erase();
  expect(await shipmentsOf(order)).toMatchObject([
    { carrier: parcel.carrier, tracking_number: null, link: null, request: null },
  ]);
});

test('only an operator ships', async () => {
  const order = await placePaidOrder(shop);
  expect(await ask(`${shop.shopUrl}/order/${order.order_id}/shipments`, {})).toMatchObject({ status: 401 });
  expect(await shipmentsOf(order)).toEqual([]);
  await ship(order);
});

test('an order that is not shipped in time needs a person until it is, and its workflows are not missing', async () => {
  const order = await placePaidOrder(shop);
  const flag = () => inTransaction(shop.shopDatabase, flagOverdueWork);
  await flag();
  expect(await attentionItems(shop, order)).toEqual([]);
  const its = { order_id: order.order_id };
  await shop
    .database('orders')
    .where(its)
    .update({ dispatch_due_at: new Date(Date.now() - 1000) });
  await flag();
  await flag();
  const item = { kind: 'overdue', subject: `shipment ${order.order_id}`, reason: 'overdue' };
  expect(await attentionItems(shop, order)).toMatchObject([item]);
  await ship(order);
  await flag();
  expect(await attentionItems(shop, order)).toEqual([]);
});

test('the page of an order gets each parcel live', async () => {
  const order = await placePaidOrder(shop, { qty: 2 });
  const abort = new AbortController();
  const stream = await fetch(`${order.order_url}/events`, { signal: abort.signal });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  const until = async (said: string): Promise<void> => {
    for (let text = ''; !text.includes(said); ) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The page ended without ${said}.`);
      text += value;
    }
  };
  await until('Being prepared');
  await ship(order, { ...parcel, lines: [{ product_id: await productOf(order), quantity: 1 }] });
  await until(parcel.number);
  await ship(order);
  await until('data-step="dispatched"');
  abort.abort();
});
