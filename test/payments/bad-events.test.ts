import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { correlationTokenOf } from '../../src/domain/order.ts';
import {
  ask,
  attentionItems,
  becomes,
  outcomeOfEvent,
  placeOrder,
  placePaidOrder,
  postSigned,
  readStatus,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { webhookSecret } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Events that are signed and still not true, or not even JSON: kept or refused, and nothing changes (docs/PAYMENTS.md).

let shop: TestShop;
let order: TestOrder;
let other: TestOrder;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
  other = await placePaidOrder(shop);
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

beforeEach(async () => {
  order = await placeOrder(shop);
});

/** The event that would pay the order, with some fields changed. */
function paidEvent({ livemode = false, ...change }: Record<string, unknown> = {}) {
  const object = {
    id: order.payment_id,
    object: 'checkout.session',
    client_reference_id: String(order.order_id),
    amount_total: order.total,
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: `pi_told_${order.order_id}`,
    ...change,
  };
  return {
    id: `evt_${randomUUID()}`,
    type: 'checkout.session.completed',
    created: 1,
    livemode,
    data: { object },
  };
}

describe('an event that names the order but does not fit it is recorded, becomes an attention item, and changes nothing:', () => {
  test.each<[string, () => Record<string, unknown>]>([
    ['another amount', () => ({ amount_total: order.total - 1 })],
    ['no amount', () => ({ amount_total: null })],
    ['another currency', () => ({ currency: 'eur' })],
    ['the session of another order', () => ({ id: other.payment_id })],
    ['real money in a shop that takes none', () => ({ livemode: true })],
    ['no charge', () => ({ payment_intent: null })],
  ])('%s', async (_what, change) => {
    const before = await stockAccounts(shop.database);
    const event = paidEvent(change());
    expect(await postSigned(shop, event)).toBe(200);
    expect(await outcomeOfEvent(shop, event.id)).toBe('mismatch');
    expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
    const item = { kind: 'event_mismatch', subject: `order ${order.order_id}`, count: 1 };
    expect(await attentionItems(shop, order)).toMatchObject([{ ...item, detail: { eventId: event.id } }]);
    const { body } = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET' });
    expect(body).toContainEqual(expect.objectContaining(item));
    expect(await stockAccounts(shop.database)).toEqual(before);
    // A repetition changes nothing, and another event of the kind is counted.
    expect(await postSigned(shop, event)).toBe(200);
    expect(await attentionItems(shop, order)).toMatchObject([item]);
    const second = paidEvent(change());
    expect(await postSigned(shop, second)).toBe(200);
    expect(await attentionItems(shop, order)).toMatchObject([
      { ...item, count: 2, detail: { eventId: second.id } },
    ]);
  });

  test('the charge that has paid for another order', async () => {
    const { transaction_id: charge } = await shop
      .database('payments')
      .where({ order_id: other.order_id })
      .first();
    const event = paidEvent({ payment_intent: charge });
    expect(await postSigned(shop, event)).toBe(200);
    expect(await outcomeOfEvent(shop, event.id)).toBe('mismatch');
    expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
  });

  test('the true event after it still pays', async () => {
    await postSigned(shop, paidEvent({ amount_total: 1 }));
    expect(await postSigned(shop, paidEvent())).toBe(200);
    await becomes(shop, order, { status: 'paid', state: 'settled' });
  });
});

describe('a refund or a dispute that does not fit the payment becomes an attention item:', () => {
  const charge = (change: object = {}) => ({
    object: 'charge',
    amount: other.total,
    amount_refunded: other.total,
    currency: 'usd',
    metadata: { order_id: String(other.order_id), correlation_token: token },
    ...change,
  });
  let token: string;

  beforeAll(async () => {
    const row = await shop.database('orders').where({ order_id: other.order_id }).first('token');
    token = correlationTokenOf(row.token);
  });

  test.each<[string, string, (intent: string) => object]>([
    ['of another charge', 'charge.refunded', () => charge({ payment_intent: 'pi_of_another' })],
    ['of no charge', 'charge.refunded', () => charge()],
    [
      'of more than was paid',
      'charge.refunded',
      (payment_intent) => charge({ payment_intent, amount_refunded: other.total + 1 }),
    ],
    [
      'in another currency',
      'charge.dispute.created',
      (payment_intent) => charge({ payment_intent, currency: 'eur' }),
    ],
  ])('%s', async (_what, type, change) => {
    const { transaction_id: intent } = await shop
      .database('payments')
      .where({ order_id: other.order_id })
      .first();
    const event = { id: `evt_${randomUUID()}`, type, created: 1, data: { object: change(intent) } };
    expect(await postSigned(shop, event)).toBe(200);
    expect(await outcomeOfEvent(shop, event.id)).toBe('mismatch');
    expect(await readStatus(shop, other)).toMatchObject({ status: 'paid', state: 'settled', refunded: 0 });
  });
});

test('text that Postgres does not take is kept without it, and the order is paid', async () => {
  const event = paidEvent({ metadata: { correlation_token: 'A\u0000da \uD83D', order_id: 'C:\\u0000' } });
  expect(await postSigned(shop, event)).toBe(200);
  await becomes(shop, order, { status: 'paid', state: 'settled' });
  const { body } = await shop.database('payment_events').where({ event_id: event.id }).first();
  expect(body.data.object.metadata).toEqual({ correlation_token: 'A\uFFFDda \uFFFD', order_id: 'C:\\u0000' });
});

test.each([
  ['an id with the character 0', { id: 'evt_\u0000' }],
  ['an id of 256 letters', { id: 'e'.repeat(256) }],
  ['a type with the character 0', { type: 'checkout.session.completed\u0000' }],
  ['no data', { data: undefined }],
  ['a time in words', { created: 'today' }],
])('a signed message with %s is no event', async (_what, change) => {
  expect(await postSigned(shop, { ...paidEvent(), ...change })).toBe(400);
  expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
});

describe('what comes over the line', () => {
  const post = (body: string, signature: string) =>
    ask(`${shop.shopUrl}/payment_webhook`, body, { headers: { 'stripe-signature': signature } });
  const sign = (payload: string) =>
    Stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret });

  test('truncated is refused, whole it pays', async () => {
    const payload = JSON.stringify(paidEvent());
    const signature = sign(payload);
    expect(await post(payload.slice(0, -1), signature)).toMatchObject({
      status: 400,
      body: { code: 'bad_signature' },
    });
    expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
    expect(await post(payload, signature)).toMatchObject({ status: 200 });
    await becomes(shop, order, { status: 'paid' });
  });

  test('truncated before it was signed is refused as well', async () => {
    const half = JSON.stringify(paidEvent()).slice(0, -1);
    expect(await post(half, sign(half))).toMatchObject({ status: 400, body: { code: 'malformed_body' } });
  });

  test('up to 256 KiB is taken, and one byte more is not', async () => {
    const filled = (bytes: number) => {
      const event = paidEvent({ filler: '' });
      const missing = bytes - Buffer.byteLength(JSON.stringify(event));
      return JSON.stringify({
        ...event,
        data: { object: { ...event.data.object, filler: 'a'.repeat(missing) } },
      });
    };
    const tooLarge = filled(256 * 1024 + 1);
    expect(await post(tooLarge, sign(tooLarge))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    const largest = filled(256 * 1024);
    expect(await post(largest, sign(largest))).toMatchObject({ status: 200 });
    await becomes(shop, order, { status: 'paid' });
  });
});
