import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelOrder } from '../../src/database/transactions/cancel-order.ts';
import { correlationTokenOf } from '../../src/domain/order.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import {
  becomes,
  outcomeOfEvent,
  placeOrder,
  postSigned,
  readStatus,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The event that pays and the checkout that cancels, at the same instant: the lock on the payment's row decides.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

async function paidEvent({ order_id: orderId, payment_id: id, total }: TestOrder) {
  const { token } = await shop.database('orders').where({ order_id: orderId }).first();
  const object = {
    id,
    object: 'checkout.session',
    client_reference_id: String(orderId),
    metadata: { order_id: String(orderId), correlation_token: correlationTokenOf(token) },
    amount_total: total,
    currency: 'usd',
    status: 'complete',
    payment_status: 'paid',
    payment_intent: `pi_race_${orderId}`,
  };
  const type = 'checkout.session.completed';
  return { id: `evt_race_${orderId}`, type, created: 1, livemode: false, data: { object } };
}

function someoneWaitsForALock(): Promise<unknown> {
  return waitFor(
    'the webhook to wait for the lock',
    () =>
      shop.database('pg_stat_activity').whereRaw("datname = current_database() and wait_event_type = 'Lock'"),
    (waiting) => waiting.length > 0,
  );
}

test.each(['expired', 'open'] as const)(
  'an order whose payment is %s is being cancelled when the event of the payment arrives: it is late, and the goods go out',
  async (state) => {
    const order = await placeOrder(shop);
    const { order_id: orderId } = order;
    const event = await paidEvent(order);
    await shop.database('payments').where({ order_id: orderId }).update({ state });
    const cancelling = await shop.shopDatabase.transaction();
    await cancelling.raw(
      'select 1 from payments join orders using (order_id) where order_id = ? for update',
      [orderId],
    );
    const ingested = postSigned(shop, event);
    await someoneWaitsForALock();
    // As settleOrCancel does: a payment that has expired already is not touched.
    if (state === 'open')
      await cancelling('payments').where({ order_id: orderId }).update({ state: 'expired' });
    await cancelOrder(statementsOf(cancelling), { orderId, reason: 'payment_ended' }, { emailsPerDay: 3 });
    await cancelling.commit();
    expect(await ingested).toBe(200);
    expect(await outcomeOfEvent(shop, event.id)).toBe('late');
    await becomes(shop, order, { status: 'paid', state: 'settled' });
    expect(await readStatus(shop, order)).toMatchObject({ reason: null });
  },
);
