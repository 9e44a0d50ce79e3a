import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erasePersonalData } from '../../src/workflows/personal-data.ts';
import { edges, type Happening, happenings } from '../support/edge-table.ts';
import {
  afterHiddenPayment,
  deliverDecline,
  deliverSessionEvent,
  expectEdge,
  pauseComparison,
  providerEvent,
  resend,
  waysToCancel,
} from '../support/edges.ts';
import { expectMoneySettled, moneyOf } from '../support/money.ts';
import {
  attentionItems,
  becomes,
  control,
  outcomeOfEvent,
  placeOrder,
  placePaidOrder,
  readStatus,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The edges of docs/PAYMENTS.md at the end of the hold, and once it has ended; edges.test.ts has the rest.

const silent = { api_error_before: 1 };
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '3', DISPATCH_SECONDS: '600', RECONCILE_SECONDS: '1' });
  await pauseComparison();
});

afterAll(async () => {
  await everyRefundMade(shop);
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

/** An order whose hold has expired and about which the provider does not answer. */
async function placeExpiringOrder(): Promise<TestOrder> {
  const order = await placeOrder(shop);
  await setFaults(shop, order, { ...silent, webhook_drop: 1 });
  await waitFor(
    'the end of the hold',
    () => shop.database('orders').where({ order_id: order.order_id }).whereRaw('hold_expires_at < now()'),
    (over) => over.length === 1,
  );
  // The provider's own clock ends the session, without an event.
  await providerEvent(shop, order, 'checkout.session.expired');
  expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
  return order;
}

async function placeCancelledOrder(request: Parameters<typeof placeOrder>[1] = {}): Promise<TestOrder> {
  const order = await placeOrder(shop, request);
  await becomes(shop, order, { status: 'cancelled', state: 'expired' });
  return order;
}

async function payLate(order: TestOrder): Promise<string> {
  await control(shop, order, 'late_payment');
  return providerEvent(shop, order, 'checkout.session.completed');
}

type Act = (order: TestOrder) => Promise<string | undefined>;

const whileExpiring: Readonly<Record<Happening, Act>> = {
  paid: async (order) => {
    await setFaults(shop, order, silent);
    return payLate(order);
  },
  declined: (order) => deliverDecline(shop, order),
  expired: (order) => resend(shop, order, 'checkout.session.expired'),
  cancelled: async (order) => {
    const cancelling = waysToCancel['on the order’s page'](shop, order).then(({ status }) => status, String);
    await askedToCancel(order);
    expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
    await setFaults(shop, order, {});
    await becomes(shop, order, { status: 'cancelled' });
    expect(await cancelling).toBe(303);
    return undefined;
  },
  refunded: (order) => untoldPayment(order, 'refunded'),
  dispute: (order) => untoldPayment(order, 'dispute'),
};

/** Waits until the provider was asked in vain after the shopper had cancelled. */
async function askedToCancel({ key }: TestOrder): Promise<void> {
  await waitFor(
    'the request of the shopper to be recorded',
    () => shop.database('dbos.notifications').where({ destination_uuid: `checkout-${key}`, consumed: true }),
    (recorded) => recorded.length > 0,
  );
}

async function untoldPayment(order: TestOrder, happening: 'refunded' | 'dispute'): Promise<string> {
  await control(shop, order, 'late_payment');
  const eventId = await afterHiddenPayment(shop, order, happening, silent);
  expect(await outcomeOfEvent(shop, eventId)).toBe(edges.expiring[happening].outcome);
  expect(await readStatus(shop, order)).toMatchObject({ status: 'pending', state: 'open' });
  // The provider answers again: the checkout finds the payment, and then the kept event has its place.
  await setFaults(shop, order, {});
  return eventId;
}

describe.concurrent('expiring', () => {
  test.each(happenings)('%s', async (happening) => {
    const order = await placeExpiringOrder();
    const eventId = await whileExpiring[happening](order);
    await expectEdge(shop, order, { edge: edges.expiring[happening], happening, eventId });
    // In any case the state is not final.
    await setFaults(shop, order, {});
    await becomes(shop, order, { status: ['cancelled', 'paid', 'refunded'] });
  });
});

const onceCancelled: Readonly<Record<Happening, Act>> = {
  paid: payLate,
  declined: (order) => deliverDecline(shop, order),
  expired: (order) => deliverSessionEvent(shop, order, 'checkout.session.expired'),
  cancelled: async (order) => {
    for (const cancel of Object.values(waysToCancel))
      expect((await cancel(shop, order)).status).toBeLessThan(400);
    return undefined;
  },
  refunded: (order) => untoldLatePayment(order, 'refunded'),
  dispute: (order) => untoldLatePayment(order, 'dispute'),
};

async function untoldLatePayment(order: TestOrder, happening: 'refunded' | 'dispute'): Promise<string> {
  await setFaults(shop, order, { webhook_drop: 1 });
  await control(shop, order, 'late_payment');
  const eventId = await afterHiddenPayment(shop, order, happening);
  expect(await outcomeOfEvent(shop, eventId)).toBe(edges.cancelled[happening].outcome);
  expect(await readStatus(shop, order)).toMatchObject({ status: 'cancelled', state: 'expired' });
  await resend(shop, order, 'checkout.session.completed');
  return eventId;
}

describe.concurrent('cancelled', () => {
  test.each(happenings)('%s', async (happening) => {
    const order = await placeCancelledOrder();
    const eventId = await onceCancelled[happening](order);
    await expectEdge(shop, order, { edge: edges.cancelled[happening], happening, eventId });
  });
});

describe.concurrent('paid after it was cancelled', () => {
  test('and the units are gone: the money goes back, the order is refunded', async () => {
    const all = { sku: 'bell', qty: 3 };
    const order = await placeCancelledOrder(all);
    const other = await placePaidOrder(shop, all);
    // A key of the operator's may look like one of ours.
    const headers = { 'idempotency-key': `late-${order.order_id}` };
    expect(await refund(shop, other, { amount: 1 }, headers)).toMatchObject({ status: 202 });
    const eventId = await payLate(order);
    expect(await outcomeOfEvent(shop, eventId)).toBe('late');
    await becomes(shop, order, { status: 'refunded', state: 'refunded' });
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
    expect((await stockAccounts(shop.database))['bell']).toMatchObject({ available: 0, sold: 3 });
    expect(await attentionItems(shop, order)).toEqual([]);
  });

  test('by the shopper: the money goes back, though there are units', async () => {
    const order = await placeOrder(shop, { sku: 'block' });
    await waysToCancel['on the order’s page'](shop, order);
    await becomes(shop, order, { status: 'cancelled' });
    await payLate(order);
    await becomes(shop, order, { status: 'refunded', state: 'refunded' });
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
  });

  test('and its personal data was erased: the money goes back, and nothing is dispatched', async () => {
    const address = {
      name: 'Ada',
      line1: '7 Dover Street',
      postal_code: 'W1S 4LD',
      city: 'London',
      country: 'GB',
    };
    const delivery = { method: 'standard', address };
    const order = await placeCancelledOrder({ sku: 'block', email: 'ada@reader.example', delivery });
    const orders = () => shop.database('orders').where({ order_id: order.order_id });
    await orders().update({ erase_asked_at: new Date() });
    const deleteWorkflows = (ids: string[]) => DBOS.deleteWorkflows(ids);
    await waitFor(
      'the order to be erased',
      async () => {
        await erasePersonalData(shop.shopDatabase, 'asked', { personalDataDays: 0, deleteWorkflows });
        return orders().first('address', 'erase_asked_at');
      },
      ({ erase_asked_at: asked }) => asked === null,
    );
    expect(await outcomeOfEvent(shop, await payLate(order))).toBe('late');
    await becomes(shop, order, { status: 'refunded', state: 'refunded' });
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
    expect(await orders().first()).toMatchObject({ dispatch_due_at: null, address: null });
  });

  test('and the dashboard was quicker to pay it back: paid back once', async () => {
    const order = await placeOrder(shop, { sku: 'block' });
    await waysToCancel['on the order’s page'](shop, order);
    await becomes(shop, order, { status: 'cancelled' });
    await setFaults(shop, order, { webhook_drop: 1 });
    await control(shop, order, 'late_payment');
    await control(shop, order, 'refund');
    await resend(shop, order, 'checkout.session.completed');
    await becomes(shop, order, { status: 'refunded', state: 'refunded', refunded: order.total });
    expect(await outcomeOfEvent(shop, await resend(shop, order, 'charge.refunded'))).toBe('no_change');
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
  });
});
