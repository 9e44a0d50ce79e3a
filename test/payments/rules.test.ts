import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { cancelOrder } from '../../src/database/transactions/cancel-order.ts';
import { payOrder, settlePayment } from '../../src/database/transactions/settle-payment.ts';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { FreshKeys } from '../../src/payments/stripe/idempotency.ts';
import { refund } from '../../src/payments/stripe/refunds.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { inTransaction, statementsOf } from '../../src/shared/statement.ts';
import { moneyOf } from '../support/money.ts';
import {
  ask,
  attentionItems,
  becomes,
  hurryDispatch,
  placeOrder,
  placePaidOrder,
  postSigned,
  readStatus,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { secretKey, startTestSimulator, type TestSimulator } from '../support/stripe-simulator.ts';
import { waitFor } from '../support/wait.ts';

// Single rules that the promises of README rest on, each without a second guard; test/mutants breaks them.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

describe('the provider, asked again', () => {
  let service: TestSimulator;
  let provider: PaymentProvider;

  beforeAll(async () => {
    service = await startTestSimulator();
    provider = createStripeProvider({
      secretKey,
      serviceUrl: service.origin,
      webhookSecrets: [],
      timeoutSeconds: 5,
    });
  });

  afterEach(() => service.send('DELETE', '/control/faults'));

  afterAll(() => service.close());

  const holdExpiresAt = Date.now() + 600_000;
  const open = (orderId: number) =>
    provider.openSession({
      orderId,
      correlationToken: 'ours',
      email: null,
      currency: 'USD',
      lines: [{ product: 'Widget', qty: 1, unitPriceCents: 1_000 }],
      delivery: null,
      totalCents: 1_000,
      holdExpiresAt,
      orderUrl: 'http://localhost/orders/1',
    });

  const setFault = (fault: string) => service.send('PUT', '/control/faults', { faults: { [fault]: 1 } });

  async function sessionsOf(orderId: number): Promise<string[]> {
    const { data } = await service.stripe.checkout.sessions.list({ limit: 100 });
    return data.filter((one) => one.client_reference_id === String(orderId)).map(({ id }) => id);
  }

  test.each([
    [1, 'was lost', 'api_lost'],
    [2, 'is a failure for ever', 'api_error_after'],
  ])('opens one session (order %i) although its first answer %s', async (orderId, _what, fault) => {
    await setFault(fault);
    await expect(open(orderId)).rejects.toBeInstanceOf(Error);
    await service.send('DELETE', '/control/faults');
    const [first, second] = [await open(orderId), await open(orderId)];
    expect(second).toEqual(first);
    expect(await sessionsOf(orderId)).toEqual('sessionId' in first ? [first.sessionId] : []);
  });

  test.each([
    [3, 'was lost', 'api_lost'],
    [4, 'is a failure for ever', 'api_error_after'],
  ])('makes one refund of a part (order %i) although its first answer %s', async (orderId, _what, fault) => {
    const transactionId = await service.pay(await service.open(String(orderId)));
    const refund = () => provider.refund({ refundId: orderId, orderId, transactionId, amountCents: 100 });
    await setFault(fault);
    await expect(refund()).rejects.toBeInstanceOf(Error);
    await service.send('DELETE', '/control/faults');
    const [first, second] = [await refund(), await refund()];
    expect(second).toEqual(first);
    const { data } = await service.stripe.refunds.list({ payment_intent: transactionId });
    expect(data.map(({ id, amount }) => [id, amount])).toEqual([
      ['providerRefundId' in first && first.providerRefundId, 100],
    ]);
  });

  test('makes one refund although its first answer was lost and the list does not show it yet', async () => {
    const { stripe } = service;
    const transactionId = await service.pay(await service.open('5'));
    const late = vi.spyOn(stripe.refunds, 'list').mockImplementation(() => Readable.from([]) as never);
    // Each call has keys of its own, as after a restart of the process.
    const order = { refundId: 5, orderId: 5, transactionId, amountCents: 100 };
    const payBack = () => refund(stripe, new FreshKeys(), order);
    await setFault('api_lost');
    await expect(payBack()).rejects.toBeInstanceOf(Error);
    await service.send('DELETE', '/control/faults');
    const made = await payBack();
    late.mockRestore();
    const { data } = await stripe.refunds.list({ payment_intent: transactionId });
    expect(data.map(({ id }) => ({ providerRefundId: id }))).toEqual([made]);
  });
});

/** A message that the buyer disputes a charge, always the same one. */
async function disputeOf({ order_id: orderId }: TestOrder): Promise<object> {
  const payment = await shop.database('payments').where({ order_id: orderId }).first();
  return {
    id: `evt_${randomUUID()}`,
    type: 'charge.dispute.created',
    created: 1,
    data: {
      object: { amount: payment.amount_cents, currency: 'usd', payment_intent: payment.transaction_id },
    },
  };
}

test('a repeated event changes nothing, not even a resolved dispute', async () => {
  const order = await placePaidOrder(shop);
  const dispute = await disputeOf(order);
  expect(await postSigned(shop, dispute)).toBe(200);
  const [item] = await attentionItems(shop, order);
  await ask(`${shop.shopUrl}/attention/${item?.attention_id}/resolve`, { resolution: 'won' });
  expect(await postSigned(shop, dispute)).toBe(200);
  expect(await attentionItems(shop, order)).toEqual([]);
  const recorded = await shop.database('order_history').where({ order_id: order.order_id, what: 'disputed' });
  expect(recorded).toHaveLength(1);
});

test('an order whose money is on its way back is not dispatched, however long that takes', async () => {
  const order = await placePaidOrder(shop);
  await setFaults(shop, order, { api_html: 1 });
  await ask(`${shop.shopUrl}/order/${order.order_id}/refund`, { reason: 'came broken' });
  expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'refund_due' });
  await hurryDispatch(shop, order);
  await waitFor(
    'the dispatch to be over',
    () => shop.database('dbos.workflow_status').where({ workflow_uuid: `dispatch-${order.order_id}` }),
    ([row]) => row.status === 'SUCCESS',
  );
  expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'refund_due' });
  await setFaults(shop, order, {});
  await becomes(shop, order, { status: 'refunded' });
  expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
});

describe('whoever asks for it', () => {
  const dispatch = { dispatchSeconds: 600 };
  const cancel = ({ order_id: orderId }: TestOrder) =>
    inTransaction(shop.shopDatabase, (sql) =>
      cancelOrder(sql, { orderId, reason: 'hold_expired' }, { emailsPerDay: 3 }),
    );
  const settle = ({ order_id: orderId }: TestOrder, late: boolean) =>
    inTransaction(shop.shopDatabase, (sql) =>
      payOrder(sql, { orderId, transactionId: 'pi_nobody', late }, dispatch),
    );

  test('a paid order is not cancelled, and not paid again', async () => {
    const order = await placePaidOrder(shop);
    await cancel(order);
    expect(await settle(order, false)).toBe(false);
    expect(await settle(order, true)).toBe(false);
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', reason: null, state: 'settled' });
  });

  test('the payment of an order that was cancelled since it was read is not settled', async () => {
    const order = await placeOrder(shop);
    const { order_id: orderId, key: checkoutKey, payment_id: sessionId } = order;
    const orders = shop.database('orders').where({ order_id: orderId });
    await orders.clone().update({ status: 'cancelled', reason: 'hold_expired', cancelled_at: new Date() });
    const event = { id: `evt_of_${orderId}`, type: 'checkout.session.completed', body: '{}' };
    const reported = {
      orderId,
      checkoutKey,
      state: 'open',
      sessionId,
      transactionId: 'pi_late',
      event,
    } as const;
    expect(await settlePayment(statementsOf(shop.shopDatabase), reported, dispatch)).toBe(false);
    expect(await readStatus(shop, order)).toMatchObject({ status: 'cancelled', state: 'open' });
    expect(await shop.database('payment_events').where({ event_id: event.id })).toEqual([]);
    await orders.clone().update({ status: 'pending', reason: null, cancelled_at: null });
    expect(await settlePayment(statementsOf(shop.shopDatabase), reported, dispatch)).toBe(true);
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'settled' });
  });

  test('a cancelled order is not cancelled again, and not paid as if it were pending', async () => {
    const order = await placeOrder(shop);
    await ask(`${order.order_url}/cancel`);
    await becomes(shop, order, { status: 'cancelled' });
    await cancel(order);
    expect(await settle(order, false)).toBe(false);
    expect(await readStatus(shop, order)).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled_by_shopper',
    });
  });
});
