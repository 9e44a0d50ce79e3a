import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paymentFailedWords } from '../../src/storefront/words.ts';
import { type Circumstance, edges, type Happening, happenings } from '../support/edge-table.ts';
import {
  afterHiddenPayment,
  askProvider,
  deliverDecline,
  deliverSessionEvent,
  expectEdge,
  pauseComparison,
  providerEvent,
  resend,
  waysToCancel,
} from '../support/edges.ts';
import { expectMoneySettled } from '../support/money.ts';
import {
  attentionItems,
  becomes,
  control,
  hurryDispatch,
  outcomeOfEvent,
  pay,
  placeOrder,
  placePaidOrder,
  readStatus,
  setFaults,
  type TestOrder,
  useCard,
} from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The edges of docs/PAYMENTS.md while the hold is open, and once the order is paid or dispatched;
// edges-of-expiry.test.ts has the rest.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600', RECONCILE_SECONDS: '1' });
  await pauseComparison();
});

afterAll(async () => {
  await expectMoneySettled(shop);
  await shop.close();
});

type EventId = string | undefined;
type Act = (order: TestOrder) => Promise<EventId>;

const whileOpen: Readonly<Record<Happening, Act>> = {
  paid: async (order) => {
    await pay(shop, order);
    return providerEvent(shop, order, 'checkout.session.completed');
  },
  declined: async (order) => {
    await useCard(shop, order, '4000 0000 0000 0002');
    return providerEvent(shop, order, 'payment_intent.payment_failed');
  },
  expired: async (order) => {
    await askProvider(shop, `checkout/sessions/${order.payment_id}/expire`, 'POST');
    return providerEvent(shop, order, 'checkout.session.expired');
  },
  cancelled: async (order) => {
    const { status } = await waysToCancel['on the order’s page'](shop, order);
    expect(status).toBe(303);
    return undefined;
  },
  refunded: (order) => payUntold(order, 'refunded'),
  dispute: (order) => payUntold(order, 'dispute'),
};

/** Pays without an event to the shop, and then refunds or disputes the payment. */
async function payUntold(order: TestOrder, happening: 'refunded' | 'dispute'): Promise<EventId> {
  await setFaults(shop, order, { webhook_drop: 1 });
  await pay(shop, order);
  const eventId = await afterHiddenPayment(shop, order, happening);
  expect(await outcomeOfEvent(shop, eventId)).toBe(edges['hold open'][happening].outcome);
  expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
  // The payment's event arrives; then the deferred event applies.
  await resend(shop, order, 'checkout.session.completed');
  return eventId;
}

const onceSettled: Readonly<Record<Happening, Act>> = {
  paid: (order) => deliverSessionEvent(shop, order, 'checkout.session.completed'),
  declined: (order) => deliverDecline(shop, order),
  expired: (order) => {
    const unpaid = { status: 'expired', payment_status: 'unpaid', payment_intent: null };
    return deliverSessionEvent(shop, order, 'checkout.session.expired', unpaid);
  },
  cancelled: async (order) => {
    for (const cancel of Object.values(waysToCancel))
      expect((await cancel(shop, order)).status).toBeLessThan(400);
    return undefined;
  },
  refunded: async (order) => {
    await control(shop, order, 'refund');
    return providerEvent(shop, order, 'charge.refunded');
  },
  dispute: async (order) => {
    await control(shop, order, 'dispute');
    return providerEvent(shop, order, 'charge.dispute.created');
  },
};

const beginnings: Readonly<Record<string, () => Promise<TestOrder>>> = {
  'hold open': () => placeOrder(shop),
  paid: () => placePaidOrder(shop),
  dispatched: async () => {
    const order = await placePaidOrder(shop);
    await hurryDispatch(shop, order);
    await becomes(shop, order, { status: 'dispatched' });
    return order;
  },
};

describe.concurrent.each<Circumstance>(['hold open', 'paid', 'dispatched'])('%s', (circumstance) => {
  test.each(happenings)(`%s`, async (happening) => {
    const order = await (beginnings[circumstance] ?? expect.fail)();
    const acts = circumstance === 'hold open' ? whileOpen : onceSettled;
    const eventId = await acts[happening](order);
    await expectEdge(shop, order, { edge: edges[circumstance][happening], happening, eventId });
  });
});

describe('while the hold is open', () => {
  test.each(Object.entries(waysToCancel))('the shopper cancels %s, again and again', async (way, cancel) => {
    const order = await placeOrder(shop);
    for (let time = 0; time < 2; time += 1) {
      expect((await cancel(shop, order)).status).toBeLessThan(400);
      await becomes(shop, order, { status: 'cancelled', state: 'expired' });
    }
    const reason = way === 'on the order’s page' ? 'cancelled_by_shopper' : 'payment_ended';
    expect(await readStatus(shop, order)).toMatchObject({ reason });
    expect(await askProvider(shop, `checkout/sessions/${order.payment_id}`)).toMatchObject({
      status: 'expired',
    });
  });

  test('a declined card is not the end: the next one pays', async () => {
    const order = await placeOrder(shop);
    const eventId = await whileOpen.declined(order);
    expect(await outcomeOfEvent(shop, eventId ?? '')).toBe('ignored');
    await useCard(shop, order, '4242 4242 4242 4242');
    await becomes(shop, order, { status: 'paid', state: 'settled' });
  });

  test('a bank transfer that fails in the end is one: cancelled', async () => {
    const order = await placeOrder(shop);
    await control(shop, order, 'complete_unpaid');
    const begun = await providerEvent(shop, order, 'checkout.session.completed');
    expect(await outcomeOfEvent(shop, begun)).toBe('ignored');
    expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
    await control(shop, order, 'settle_async', { outcome: 'failed' });
    await becomes(shop, order, { status: 'cancelled', state: 'expired' });
    const failed = await providerEvent(shop, order, 'checkout.session.async_payment_failed');
    expect(await outcomeOfEvent(shop, failed)).toBe('applied');
    // Nobody cancelled.
    const page = await fetch(order.order_url, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain(paymentFailedWords);
  });

  test('a bank transfer that succeeds in the end pays', async () => {
    const order = await placeOrder(shop);
    await control(shop, order, 'complete_unpaid');
    await control(shop, order, 'settle_async', { outcome: 'succeeded' });
    await becomes(shop, order, { status: 'paid', state: 'settled' });
  });
});

describe('once the order is paid', () => {
  test('a dispute is listed once, and the order is still dispatched', async () => {
    const order = await placePaidOrder(shop);
    await control(shop, order, 'dispute');
    const eventId = await providerEvent(shop, order, 'charge.dispute.created');
    expect(await outcomeOfEvent(shop, eventId)).toBe('applied');
    await hurryDispatch(shop, order);
    await becomes(shop, order, { status: 'dispatched' });
    expect(await attentionItems(shop, order)).toMatchObject([{ kind: 'dispute' }]);
  });

  test('the event of a failed bank transfer changes nothing', async () => {
    const order = await placePaidOrder(shop);
    const eventId = await deliverSessionEvent(shop, order, 'checkout.session.async_payment_failed', {
      payment_status: 'unpaid',
    });
    expect(await outcomeOfEvent(shop, eventId)).toBe('no_change');
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'settled' });
  });
});
