import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { compareWithProvider, type Differences } from '../../src/workflows/compare-with-provider.ts';
import { askProvider, deliverSessionEvent, pauseComparison, providerEvent } from '../support/edges.ts';
import { expectMoneySettled } from '../support/money.ts';
import {
  ask,
  attentionItems,
  becomes,
  control,
  outcomeOfEvent,
  pay,
  placeOrder,
  placePaidOrder,
  readStatus,
  setFaults,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The provider's lists against our rows (docs/PAYMENTS.md, "Reconciliation"), on a shop that also reconciles every second.

const minuteMs = 60_000;
const dispatchSeconds = 600;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: String(dispatchSeconds),
    RECONCILE_SECONDS: '1',
  });
  await pauseComparison();
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

/** Compares as the hourly run does, some minutes from now; `events` are those that the provider lists. */
function compare(inMinutes: number, events: 'all' | 'none' = 'none'): Promise<Differences> {
  const provider = createStripeProvider({
    secretKey,
    serviceUrl: shop.paymentUrl,
    webhookSecrets: [],
    timeoutSeconds: 8,
  });
  async function* none(): AsyncGenerator {}
  const comparing = {
    database: shop.shopDatabase,
    provider: { ...provider, ...(events === 'none' && { listEvents: none }) },
    context: { live: false, dispatchSeconds, emailsPerDay: 3, publicUrl: shop.shopUrl },
  };
  const now = Date.now();
  return compareWithProvider(comparing, new Date(now - 60 * minuteMs), new Date(now + inMinutes * minuteMs));
}

test('the schedule reconciles by itself', async () => {
  const runs = async () => {
    const { body } = await ask(`${shop.shopUrl}/reconciliation`, undefined, { method: 'GET' });
    const { reconciliations } = body as unknown as { reconciliations: { scope: string; runs: number }[] };
    return reconciliations.find(({ scope }) => scope === 'shop')?.runs ?? 0;
  };
  const before = await runs();
  await waitFor('two more runs', runs, (now) => now >= before + 2);
});

test('an event that never arrived is ingested once', async () => {
  const order = await placeOrder(shop);
  await setFaults(shop, order, { webhook_drop: 1 });
  await pay(shop, order);
  expect(await compare(0, 'all')).toMatchObject({ missed_events: 1, missed_payments: 0 });
  await becomes(shop, order, { status: 'paid', state: 'settled' });
  expect(await compare(0, 'all')).toMatchObject({ missed_events: 0, missed_payments: 0 });
  const event = await providerEvent(shop, order, 'checkout.session.completed');
  expect(await outcomeOfEvent(shop, event)).toBe('applied');
});

test('a payment without any event is found by its session, five minutes after it was opened', async () => {
  const order = await placeOrder(shop);
  await setFaults(shop, order, { webhook_drop: 1 });
  await pay(shop, order);
  expect(await compare(4)).toMatchObject({ missed_events: 0, missed_payments: 0 });
  expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
  expect(await compare(6)).toMatchObject({ missed_events: 0, missed_payments: 1 });
  await becomes(shop, order, { status: 'paid', state: 'settled' });
  expect(await compare(6)).toMatchObject({ missed_payments: 0 });
});

test('a late payment without any event is found too', async () => {
  const order = await placeOrder(shop);
  await ask(`${shop.paymentUrl}/api/cancel_payment`, { session_id: order.payment_id });
  await becomes(shop, order, { status: 'cancelled' });
  await setFaults(shop, order, { webhook_drop: 1 });
  await control(shop, order, 'late_payment');
  expect(await compare(6)).toMatchObject({ missed_payments: 1 });
  await becomes(shop, order, { status: 'paid', state: 'settled' });
});

test('a session that is left open although its order is over is ended, once it is five minutes old', async () => {
  const [order, silent] = [await placeOrder(shop), await placeOrder(shop)];
  for (const one of [order, silent]) {
    await deliverSessionEvent(shop, one, 'checkout.session.expired', { status: 'expired' });
    await becomes(shop, one, { status: 'cancelled', state: 'expired' });
  }
  const session = async () => (await askProvider(shop, `checkout/sessions/${order.payment_id}`))['status'];
  expect(await compare(4)).toMatchObject({ sessions_ended: 0 });
  expect(await session()).toBe('open');
  // One about which the provider is silent does not keep the others waiting.
  await setFaults(shop, silent, { api_too_many: 1 });
  expect(await compare(6)).toMatchObject({ sessions_ended: 1 });
  expect(await session()).toBe('expired');
  await setFaults(shop, silent, {});
  expect(await compare(6)).toMatchObject({ sessions_ended: 1 });
  expect(await compare(6)).toMatchObject({ sessions_ended: 0 });
});

test('an open session of a pending order is left alone, and a paid one of a paid order', async () => {
  const [open, paid] = [await placeOrder(shop), await placePaidOrder(shop)];
  expect(await compare(6)).toEqual({
    missed_events: 0,
    missed_payments: 0,
    unknown_payments: 0,
    sessions_ended: 0,
  });
  expect(await readStatus(shop, open)).toMatchObject({ status: 'pending', state: 'open' });
  expect(await readStatus(shop, paid)).toMatchObject({ status: 'paid', state: 'settled' });
});

test('an event that cannot be ingested becomes an attention item, and does not delay the others', async () => {
  const [bad, good] = [await placeOrder(shop), await placeOrder(shop)];
  for (const order of [bad, good]) {
    await setFaults(shop, order, { webhook_drop: 1 });
    await pay(shop, order);
  }
  const event = await providerEvent(shop, bad, 'checkout.session.completed');
  await shop.database.raw(
    `alter table payment_events add constraint no_such_event check (event_id <> '${event}') not valid`,
  );
  await compare(0, 'all');
  await becomes(shop, good, { status: 'paid' });
  expect(await readStatus(shop, bad)).toMatchObject({ status: 'pending', state: 'open' });
  const subject = `order ${bad.order_id}`;
  const listed = () => shop.database('attention').where({ subject }).whereNull('resolved_at');
  expect(await listed()).toMatchObject([
    {
      kind: 'event_mismatch',
      reason: 'event_failed',
      detail: { eventId: event, error: expect.stringContaining('no_such_event') },
    },
  ]);
  await shop.database.raw('alter table payment_events drop constraint no_such_event');
  await compare(0, 'all');
  await becomes(shop, bad, { status: 'paid' });
  expect(await listed()).toHaveLength(1);
});

test('an event about an unknown order is kept, and looked at again', async () => {
  const order = await placeOrder(shop);
  const eventId = await deliverSessionEvent(shop, order, 'checkout.session.completed', {
    client_reference_id: String(order.order_id + 1),
    payment_status: 'paid',
    payment_intent: 'pi_early',
  });
  expect(await outcomeOfEvent(shop, eventId)).toBe('unknown_order');
  await ask(`${shop.shopUrl}/reconciliation`);
  expect(await outcomeOfEvent(shop, eventId)).toBe('unknown_order');
  // Now there is one of that number, but the event is about another session: somebody has to look.
  const next = await placeOrder(shop);
  expect(next.order_id).toBe(order.order_id + 1);
  await ask(`${shop.shopUrl}/reconciliation`);
  expect(await outcomeOfEvent(shop, eventId)).toBe('mismatch');
  const subject = `order ${next.order_id}`;
  expect(await attentionItems(shop, next)).toMatchObject([
    { kind: 'event_mismatch', subject, detail: { eventId } },
  ]);
  expect(await readStatus(shop, next)).toMatchObject({ status: 'pending', state: 'open' });
});
