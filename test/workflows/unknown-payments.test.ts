import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { compareWithProvider } from '../../src/workflows/compare-with-provider.ts';
import { pauseComparison, providerEvent } from '../support/edges.ts';
import {
  ask,
  control,
  outcomeOfEvent,
  pay,
  placeOrder,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Payments of orders that the database does not know, as after a restore from a back-up.

const minuteMs = 60_000;
const email = 'charged@reader.example';
const elsewhere = 'https://other.example';
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ RECONCILE_SECONDS: '3600' });
  await pauseComparison();
});

afterAll(() => shop.close());

function openProvider() {
  return createStripeProvider({
    secretKey,
    serviceUrl: shop.paymentUrl,
    webhookSecrets: [],
    timeoutSeconds: 8,
  });
}

let highest = 900_000;

/** Opens a session of an order that is not in the database, by default one of this shop. */
async function openUnknown({ publicUrl = shop.shopUrl, orderId = (highest += 1) } = {}): Promise<TestOrder> {
  const session = await openProvider().openSession({
    orderId,
    correlationToken: 'of-an-order-that-is-lost',
    email,
    currency: 'USD',
    lines: [{ product: 'Bow Shackle', qty: 2, unitPriceCents: 1890 }],
    delivery: null,
    totalCents: 3780,
    holdExpiresAt: Date.now() + minuteMs,
    orderUrl: `${publicUrl}/orders/token`,
  });
  if ('refused' in session) throw new Error(session.refused);
  const { sessionId: id, url } = session;
  return { order_id: orderId, payment_id: id, payment_url: url, order_url: '', total: 3780, key: '' };
}

/** Pays it, and waits for its event. */
async function payUnknown(
  order: TestOrder,
  outcome: 'unknown_order' | 'ignored' = 'unknown_order',
): Promise<string> {
  await pay(shop, order);
  const eventId = await providerEvent(shop, order, 'checkout.session.completed');
  expect(await outcomeOfEvent(shop, eventId)).toBe(outcome);
  return eventId;
}

async function reconcile(): Promise<unknown[]> {
  await ask(`${shop.shopUrl}/reconciliation`);
  const { body } = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET' });
  return body as unknown as unknown[];
}

async function makeOlder(eventId: string): Promise<void> {
  const before = shop.database.raw(`now() - interval '10 minutes 1 second'`);
  await shop.database('payment_events').where({ event_id: eventId }).update({ received_at: before });
}

/** Compares as a run of the next hour does; how many payments it listed. */
async function compareLater(): Promise<number> {
  const now = Date.now();
  const differences = await compareWithProvider(
    {
      database: shop.shopDatabase,
      provider: openProvider(),
      context: { live: false, dispatchSeconds: 600, emailsPerDay: 3, publicUrl: shop.shopUrl },
    },
    new Date(now - 60 * minuteMs),
    new Date(now + 6 * minuteMs),
  );
  return differences.unknown_payments;
}

const itemOf = ({ payment_id: subject, order_id: orderId, total }: TestOrder) => ({
  kind: 'unknown_payment',
  subject,
  order_id: null,
  reason_code: 'unknown_order',
  reason: expect.stringMatching(/^\$37\.80 was paid by charged@reader\.example .* Refund the charge pi_/),
  detail: {
    orderId,
    amountCents: total,
    currency: 'USD',
    transactionId: expect.stringMatching(/^pi_/),
    email,
  },
});

test('a paid event of an unknown order is listed after ten minutes, until the payment is refunded at the provider', async () => {
  const order = await openUnknown();
  const eventId = await payUnknown(order);
  expect(await reconcile()).toEqual([]);
  await makeOlder(eventId);
  expect(await reconcile()).toMatchObject([itemOf(order)]);
  expect(await reconcile(), 'once').toHaveLength(1);
  expect(await compareLater(), 'not again by the comparison').toBe(0);

  await control(shop, order, 'refund', { amount: 100 });
  await outcomeOfEvent(shop, await providerEvent(shop, order, 'charge.refunded'));
  expect(await reconcile(), 'a part is not enough').toHaveLength(1);
  await control(shop, order, 'refund');
  await expect.poll(reconcile).toEqual([]);
  expect(await compareLater()).toBe(0);
});

test('a payment of an unknown order without any event is found by comparing, and not again once it is resolved', async () => {
  const order = await openUnknown();
  await setFaults(shop, order, { webhook_drop: 1 });
  await pay(shop, order);
  // The provider lists the event; the comparison ingests it, and lists the payment at once.
  expect(await compareLater()).toBe(1);
  const [item] = (await reconcile()) as { attention_id: number }[];
  expect(item).toMatchObject(itemOf(order));
  await ask(`${shop.shopUrl}/attention/${item?.attention_id}/resolve`, { resolution: 'delivered by hand' });
  expect(await compareLater()).toBe(0);
  expect(await reconcile()).toEqual([]);
});

test('payments of another shop with the same account are not listed, neither by event nor by comparing', async () => {
  const order = await openUnknown({ publicUrl: elsewhere });
  await makeOlder(await payUnknown(order, 'ignored'));
  expect(await compareLater()).toBe(0);
  expect(await reconcile()).toEqual([]);
});

test('an item disappears when the order of its session becomes known', async () => {
  const order = await openUnknown();
  await makeOlder(await payUnknown(order));
  expect(await reconcile()).toHaveLength(1);
  const { order_id: orderId } = await placeOrder(shop);
  await shop.database('payments').where({ order_id: orderId }).update({ session_id: order.payment_id });
  expect(await reconcile()).toEqual([]);
});

test('a payment of a number that was given to another order since is listed too', async () => {
  const { order_id: orderId } = await placeOrder(shop);
  const lost = await openUnknown({ orderId });
  await setFaults(shop, lost, { webhook_drop: 1 });
  await pay(shop, lost);
  expect(await compareLater()).toBe(1);
  const found = (await reconcile()) as { subject: string }[];
  expect(found.filter(({ subject }) => subject === lost.payment_id)).toMatchObject([itemOf(lost)]);
});
