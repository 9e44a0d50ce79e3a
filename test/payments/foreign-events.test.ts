import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eraseOldEvents } from '../../src/database/transactions/erase-personal-data.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { afterHiddenPayment, pauseComparison, resend } from '../support/edges.ts';
import { expectMoneySettled } from '../support/money.ts';
import {
  ask,
  attentionItems,
  becomes,
  outcomeOfEvent,
  pay,
  placeOrder,
  placePaidOrder,
  postSigned,
  readStatus,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Events of another shop with the same account at the provider: it has orders with the same numbers, and customers of its own.

let shop: TestShop;
let order: TestOrder;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600', RECONCILE_SECONDS: '3600' });
  await pauseComparison();
});

afterAll(async () => {
  await expectMoneySettled(shop);
  await shop.close();
});

beforeEach(async () => {
  order = await placePaidOrder(shop);
});

const customer = { name: 'Grace Hopper', email: 'grace@other.example', phone: '+1 555 0100' };

/** A session of the other shop, about its order of the same number. */
const session = (change: object = {}) => ({
  id: `cs_${randomUUID()}`,
  object: 'checkout.session',
  client_reference_id: String(order.order_id),
  amount_total: order.total,
  currency: 'usd',
  payment_status: 'paid',
  payment_intent: `pi_${randomUUID()}`,
  success_url: 'https://other.example/thanks',
  customer_details: customer,
  customer_email: customer.email,
  metadata: {},
  ...change,
});

const charge = (change: object = {}) => ({
  id: `ch_${randomUUID()}`,
  object: 'charge',
  amount: order.total,
  amount_refunded: order.total,
  currency: 'usd',
  payment_intent: `pi_${randomUUID()}`,
  billing_details: customer,
  metadata: { order_id: String(order.order_id) },
  ...change,
});

const eventOf = (type: string, object: object) => ({
  id: `evt_${randomUUID()}`,
  type,
  created: 1,
  data: { object },
});

const theirToken = { order_id: '1', correlation_token: 'f'.repeat(32) };

async function storedEvent(id: string): Promise<Record<string, unknown>> {
  const { body, ...row } = await shop.database('payment_events').where({ event_id: id }).first();
  return { ...row, body: JSON.stringify(body) };
}

async function reconcile(): Promise<void> {
  expect(await ask(`${shop.shopUrl}/reconciliation`)).toMatchObject({ status: 200 });
}

describe('an event of another shop is ignored, and only its id is stored:', () => {
  test.each<[string, string, () => object]>([
    ['a payment', 'checkout.session.completed', session],
    [
      'a payment without a number',
      'checkout.session.completed',
      () => session({ client_reference_id: null }),
    ],
    [
      'a payment with a token of its own',
      'checkout.session.completed',
      () => session({ metadata: theirToken }),
    ],
    [
      'a payment without a token that returns to a page of ours',
      'checkout.session.completed',
      () => session({ success_url: `${shop.shopUrl}/orders/token` }),
    ],
    [
      'the end of a session',
      'checkout.session.expired',
      () => session({ payment_status: 'unpaid', metadata: theirToken }),
    ],
    ['a full refund', 'charge.refunded', charge],
    [
      'a refund of a part with a token of its own',
      'charge.refunded',
      () => charge({ amount_refunded: 1, metadata: theirToken }),
    ],
    ['a dispute without a charge', 'charge.dispute.created', () => charge({ payment_intent: null })],
  ])('%s', async (_what, type, object) => {
    const before = await readStatus(shop, order);
    const event = eventOf(type, object());
    expect(await postSigned(shop, event)).toBe(200);
    const stored = { outcome: 'ignored', body: '{}', email: null, order_id: null, transaction_id: null };
    expect(await storedEvent(event.id)).toMatchObject(stored);
    await reconcile();
    expect(await storedEvent(event.id)).toMatchObject(stored);
    expect(await readStatus(shop, order)).toEqual(before);
    expect(await shop.database('attention').whereNull('resolved_at')).toEqual([]);
  });
});

describe('an event about a charge that may become known is stored with the id of the charge and without its body:', () => {
  test.each<[string, string, () => object]>([
    ['a dispute', 'charge.dispute.created', () => charge({ metadata: {} })],
    [
      'a full refund with a token of its own',
      'charge.refunded',
      () => charge({ metadata: { ...theirToken, order_id: String(order.order_id) } }),
    ],
  ])('%s', async (_what, type, object) => {
    const event = eventOf(type, object());
    expect(await postSigned(shop, event)).toBe(200);
    await reconcile();
    expect(await storedEvent(event.id)).toMatchObject({
      outcome: 'unknown_order',
      body: '{}',
      email: null,
      transaction_id: expect.stringMatching(/^pi_/),
    });
    expect(await shop.database('attention').whereNull('resolved_at')).toEqual([]);

    await shop
      .database('payment_events')
      .where({ event_id: event.id })
      .update({ received_at: shop.database.raw(`now() - interval '30 days 1 minute'`) });
    await eraseOldEvents(statementsOf(shop.shopDatabase), 120);
    expect(await storedEvent(event.id)).toMatchObject({
      outcome: 'ignored',
      transaction_id: null,
      kind: null,
    });
  });

  test('a dispute that comes before its payment is listed once when the payment is known', async () => {
    const early = await placeOrder(shop);
    await setFaults(shop, early, { webhook_drop: 1 });
    await pay(shop, early);
    const eventId = await afterHiddenPayment(shop, early, 'dispute');
    expect(await outcomeOfEvent(shop, eventId)).toBe('unknown_order');
    await reconcile();
    expect(await attentionItems(shop, early)).toEqual([]);
    await resend(shop, early, 'checkout.session.completed');
    await becomes(shop, early, { status: 'paid' });
    await Promise.all([reconcile(), reconcile()]);
    expect(await attentionItems(shop, early)).toMatchObject([{ kind: 'dispute', count: 1 }]);
    expect(await storedEvent(eventId)).toMatchObject({
      outcome: 'applied',
      order_id: early.order_id,
      transaction_id: null,
    });
    await shop.database('attention').where({ order_id: early.order_id }).delete();
  });
});

test('a flood of them delays no event about an order of ours', async () => {
  const early = await placeOrder(shop);
  await setFaults(shop, early, { webhook_drop: 1 });
  await pay(shop, early);
  const flood = Array.from({ length: 120 }, () => [
    eventOf('checkout.session.completed', session({ metadata: theirToken })),
    eventOf('charge.refunded', charge({ metadata: theirToken })),
    eventOf('charge.dispute.created', charge({ metadata: {} })),
  ]).flat();
  for (const event of flood) expect(await postSigned(shop, event)).toBe(200);

  const eventId = await afterHiddenPayment(shop, early, 'refunded');
  expect(await outcomeOfEvent(shop, eventId)).toBe('too_early');
  await resend(shop, early, 'checkout.session.completed');
  await becomes(shop, early, { status: 'paid' });
  await reconcile();
  await becomes(shop, early, { status: 'refunded' });
  expect(await outcomeOfEvent(shop, eventId)).toBe('applied');
  expect(await shop.database('attention').whereNull('resolved_at')).toEqual([]);
  const bodies = await shop
    .database('payment_events')
    .whereIn(
      'event_id',
      flood.map(({ id }) => id),
    )
    .distinct('body');
  expect(bodies).toEqual([{ body: {} }]);
});
