import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { findExistingOrder } from '../../src/database/transactions/place-order.ts';
import { recordSession } from '../../src/database/transactions/record-session.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { FakeProvider, type ProviderAnswer, type ProviderCall } from '../support/fake-provider.ts';
import { type Answer, ask, becomes, postSigned, readStatus, type TestOrder } from '../support/orders.ts';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The saga tutorial: reserve, take the payment with three retries under one key, confirm, or give everything back.

const retrySeconds = 0.1;
const fake = new FakeProvider();
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '600',
    PAYMENT_RETRY_SECONDS: String(retrySeconds),
    PAYMENT_SERVICE_URL: await fake.start(),
  });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
  await fake.close();
});

beforeEach(() => {
  fake.calls.length = 0;
  fake.answer = () => failure;
});

const failure: ProviderAnswer = { status: 500, body: { error: { type: 'api_error', message: 'No.' } } };
const laptop = { items: [{ sku: 'thimble', qty: 4 }], amount: 1800 };

/** The session that a call asks for, or one that it asks about. */
function sessionFor({ form }: ProviderCall, change: object = {}): ProviderAnswer {
  const orderId = form.get('client_reference_id') ?? '0';
  return { body: { ...sessionOf(orderId), ...change } };
}

function sessionOf(orderId: number | string): Record<string, unknown> {
  return {
    id: `cs_fake_${orderId}`,
    object: 'checkout.session',
    client_reference_id: String(orderId),
    amount_total: laptop.amount,
    currency: 'usd',
    status: 'open',
    payment_status: 'unpaid',
    payment_intent: null,
    url: 'https://pay.example/',
  };
}

/** The calls that open a session; a failed one is looked for in the list before it is asked for again. */
function openings(): ProviderCall[] {
  return fake.calls.filter(({ method }) => method === 'POST');
}

function checkout(key: string, body: object = laptop): Promise<Answer> {
  return ask(`${shop.shopUrl}/checkout/${key}`, body);
}

async function resultOf(key: string): Promise<unknown> {
  return DBOS.retrieveWorkflow(`checkout-${key}`).getResult();
}

async function orderOf(key: string): Promise<TestOrder> {
  const order = await shop.database('orders').where({ checkout_key: key }).first();
  return { ...order, payment_id: `cs_fake_${order.order_id}`, total: order.total_cents, key };
}

async function pay({ order_id: orderId }: TestOrder): Promise<void> {
  const object = { ...sessionOf(orderId), payment_status: 'paid', payment_intent: `pi_fake_${orderId}` };
  const type = 'checkout.session.completed';
  expect(await postSigned(shop, { id: `evt_${randomUUID()}`, type, created: 1, data: { object } })).toBe(200);
}

test('by default there are three retries from two seconds on, and five for an email', () => {
  const { payment, email } = readConfig({}, 'supervisor');
  expect(payment).toMatchObject({ retries: 3, retrySeconds: 2 });
  expect(email).toMatchObject({ retries: 5 });
});

test('the fourth try succeeds: the order is paid, and its transaction is on record', async () => {
  const key = randomUUID();
  fake.answer = (call) => (openings().length < 4 ? failure : sessionFor(call));
  expect(await checkout(key)).toMatchObject({ status: 201, body: { total: 1800 } });
  const order = await orderOf(key);
  expect(openings().map(({ headers }) => headers['idempotency-key'])).toEqual(
    Array(4).fill(`pay_${order.order_id}`),
  );
  await pay(order);
  await becomes(shop, order, { status: 'paid', state: 'settled' });
  expect(await resultOf(key)).toEqual({ status: 'completed' });
  const payment = await shop.database('payments').where({ order_id: order.order_id }).first();
  expect(payment).toMatchObject({ transaction_id: `pi_fake_${order.order_id}`, amount_cents: 1800 });
  const paid = await shop.database('order_history').where({ order_id: order.order_id, what: 'paid' });
  expect(paid).toMatchObject([{ detail: { transaction_id: `pi_fake_${order.order_id}` } }]);
});

test('all four tries fail: nothing is held, and the same key says so for ever', async () => {
  const key = randomUUID();
  const before = (await stockAccounts(shop.database))['thimble'];
  const refusal = { status: 409, body: { code: 'payment_unavailable' } };
  expect(await checkout(key)).toMatchObject(refusal);
  const order = await orderOf(key);
  expect(openings().map(({ headers }) => headers['idempotency-key'])).toEqual(
    Array(4).fill(`pay_${order.order_id}`),
  );
  expectDoublingPauses(openings());
  expect(await readStatus(shop, order)).toMatchObject({
    status: 'cancelled',
    reason: 'payment_unavailable',
    state: 'expired',
  });
  expect(await resultOf(key)).toEqual({ status: 'failed' });
  expect((await stockAccounts(shop.database))['thimble']).toEqual(before);
  expect(await checkout(key)).toMatchObject(refusal);
  expect(openings()).toHaveLength(4);

  // A process that was taken for dead goes on where it stood: the order stays given up.
  const late = { orderId: order.order_id, sessionId: 'cs_late', url: 'https://pay.example/' };
  expect(await recordSession(statementsOf(shop.shopDatabase), late)).toBeUndefined();
  const row = await shop.database('orders').where({ order_id: order.order_id }).first();
  expect(await findExistingOrder(statementsOf(shop.shopDatabase), key, row.request_id)).toEqual({
    outcome: 'exists',
  });
});

/** The pauses before the retries, which double; a busy machine makes them longer, and nothing shorter. */
function expectDoublingPauses(calls: readonly ProviderCall[]): void {
  for (const [index, { at }] of calls.slice(1).entries()) {
    const pauseMs = at - (calls[index]?.at ?? 0);
    expect(pauseMs, `pause ${index + 1}`).toBeGreaterThanOrEqual(900 * retrySeconds * 2 ** index);
  }
}

test('a refusal is not asked for again: cancelled at once', async () => {
  const key = randomUUID();
  fake.answer = () => ({
    status: 400,
    body: { error: { type: 'invalid_request_error', code: 'amount_too_small', message: 'No.' } },
  });
  expect(await checkout(key)).toMatchObject({ status: 409, body: { code: 'payment_unavailable' } });
  expect(openings()).toHaveLength(1);
  expect(await resultOf(key)).toEqual({ status: 'failed' });
});

test('a session for another amount is rejected: the shopper gets no address, and the order is cancelled', async () => {
  const key = randomUUID();
  fake.answer = (call) => sessionFor(call, { amount_total: 1 });
  expect(await checkout(key)).toMatchObject({ status: 409, body: { code: 'payment_unavailable' } });
  expect(await readStatus(shop, await orderOf(key))).toMatchObject({ status: 'cancelled' });
});

test('a payment that ends unpaid: cancelled, and its units are back', async () => {
  const key = randomUUID();
  fake.answer = (call) => sessionFor(call);
  await checkout(key);
  const order = await orderOf(key);
  const object = { ...sessionOf(order.order_id), status: 'expired' };
  await postSigned(shop, {
    id: `evt_${randomUUID()}`,
    type: 'checkout.session.expired',
    created: 1,
    data: { object },
  });
  await becomes(shop, order, { status: 'cancelled', state: 'expired' });
  expect(await resultOf(key)).toEqual({ status: 'failed' });
});

test('while the provider talks nonsense about the end of a session, nothing is released', async () => {
  const key = randomUUID();
  fake.answer = (call) => sessionFor(call);
  await checkout(key);
  const order = await orderOf(key);
  fake.calls.length = 0;
  const nonsense = [
    { body: '<html>' },
    { body: {} },
    { body: { ...sessionOf(order.order_id), id: 'cs_of_another', status: 'expired' } },
  ];
  fake.answer = () => nonsense[fake.calls.length - 1] ?? { body: '{"half' };
  const cancelling = ask(`${shop.shopUrl}/orders/${await tokenOf(order)}/cancel`).then(
    ({ status }) => status,
    String,
  );
  await waitFor(
    'three questions',
    () => fake.calls.length,
    (asked) => asked >= 3,
  );
  expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
  fake.answer = () => ({ body: { ...sessionOf(order.order_id), status: 'expired' } });
  await becomes(shop, order, { status: 'cancelled', state: 'expired' });
  expect(await cancelling).toBe(303);
});

async function tokenOf({ order_id: orderId }: TestOrder): Promise<string> {
  return (await shop.database('orders').where({ order_id: orderId }).first()).token;
}

test.each([
  ['items that are none', { items: [{ sku: 'thimble', qty: 0.5 }] }, 400, 'invalid_input'],
  ['an amount in words', { ...laptop, amount: '1800' }, 400, 'invalid_input'],
  ['an amount that is not the total', { ...laptop, amount: 1801 }, 409, 'price_changed'],
])('%s: the provider is never asked', async (_what, body, status, code) => {
  expect(await checkout(randomUUID(), body)).toMatchObject({ status, body: { code } });
  expect(fake.calls).toEqual([]);
});
