import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { webhookSecret } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The webhook's one transaction: signed events in any order, doubled, or about somebody else's money.

let shop: TestShop;
let order: { order_id: number; payment_id: string; total: number };

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.2' });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

beforeEach(async () => {
  const headers = { accept: 'application/json' };
  const answer = await fetch(`${shop.shopUrl}/checkout/${randomUUID()}`, { method: 'POST', headers });
  order = (await answer.json()) as typeof order;
});

interface Change {
  type?: string;
  reference?: string;
  session?: string;
  amount?: number;
  currency?: string;
}

function eventOf(change: Change = {}, id = `evt_${randomUUID()}`): string {
  const paid = change.type === undefined;
  return JSON.stringify({
    id,
    object: 'event',
    type: change.type ?? 'checkout.session.completed',
    created: 1,
    data: {
      object: {
        id: change.session ?? order.payment_id,
        object: 'checkout.session',
        client_reference_id: change.reference ?? String(order.order_id),
        amount_total: change.amount ?? order.total,
        currency: change.currency ?? 'usd',
        payment_status: paid ? 'paid' : 'unpaid',
        payment_intent: paid ? `pi_${order.order_id}` : null,
      },
    },
  });
}

async function deliver(payload: string): Promise<number> {
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  const answer = await fetch(`${shop.shopUrl}/payment_webhook`, { method: 'POST', headers, body: payload });
  return answer.status;
}

function outcomeOf(payload: string): Promise<string> {
  const { id } = JSON.parse(payload) as { id: string };
  return shop
    .database('payment_events')
    .where({ event_id: id })
    .first()
    .then((row) => row?.outcome);
}

function status(): Promise<string> {
  return shop
    .database('orders')
    .where({ order_id: order.order_id })
    .first()
    .then((row) => row.status);
}

function paymentState(): Promise<string> {
  return shop
    .database('payments')
    .where({ order_id: order.order_id })
    .first()
    .then((row) => row.state);
}

async function isDispatched(): Promise<void> {
  await waitFor('the dispatch', status, (now) => now === 'dispatched');
}

test('the end of a session cancels its order and releases the units in the commit of its event', async () => {
  const held = async (): Promise<number> =>
    Object.values(await stockAccounts(shop.database)).reduce((sum, account) => sum + account.held, 0);
  const before = await held();
  const event = eventOf({ type: 'checkout.session.expired' });
  expect(await deliver(event)).toBe(200);
  // By now: no workflow was awaited.
  expect([await status(), await paymentState(), await held()]).toEqual(['cancelled', 'expired', before - 1]);
  const [same] = await shop
    .database('orders')
    .join('payment_events', 'payment_events.order_id', 'orders.order_id')
    .where('orders.order_id', order.order_id)
    .whereRaw('cancelled_at = received_at');
  expect(same).toBeDefined();
});

describe('an event that pays', () => {
  test('moves the order on; the same event again, and another about the same payment, change nothing', async () => {
    const event = eventOf();
    expect(await deliver(event)).toBe(200);
    await isDispatched();
    const history = await shop.database('order_history').where({ order_id: order.order_id });
    const another = eventOf();
    expect([await deliver(event), await deliver(another)]).toEqual([200, 200]);
    expect(await outcomeOf(another)).toBe('no_change');
    expect(await shop.database('order_history').where({ order_id: order.order_id })).toEqual(history);
  });

  test('ten times at once is one payment', async () => {
    const event = eventOf();
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(event)));
    expect(new Set(answers)).toEqual(new Set([200]));
    await isDispatched();
    expect(
      await shop.database('order_history').where({ order_id: order.order_id, what: 'paid' }),
    ).toHaveLength(1);
  });

  test('before an event that the session ended, wins', async () => {
    expect(await deliver(eventOf())).toBe(200);
    expect(await deliver(eventOf({ type: 'checkout.session.expired' }))).toBe(200);
    await isDispatched();
  });
});

describe('an event that does not fit the order', () => {
  test.each([
    ['another amount', { amount: 1 }, 'mismatch'],
    ['another currency', { currency: 'eur' }, 'mismatch'],
    ['a session of another shop', { session: 'cs_somebody_else' }, 'ignored'],
    ['an order that does not exist', { reference: '2000000000' }, 'ignored'],
    ['no order at all', { reference: 'guest' }, 'ignored'],
    ['something else that happened', { type: 'checkout.session.updated' }, 'ignored'],
  ])('%s: recorded, answered 200, and nothing changes', async (_what, change, outcome) => {
    const event = eventOf(change);
    expect(await deliver(event)).toBe(200);
    expect(await outcomeOf(event)).toBe(outcome);
    expect([await status(), await paymentState()]).toEqual(['pending', 'open']);
  });
});

describe('an event that the session ended', () => {
  test('cancels the order, with the reason', async () => {
    expect(await deliver(eventOf({ type: 'checkout.session.expired' }))).toBe(200);
    await waitFor('the cancellation', status, (now) => now === 'cancelled');
    const row = await shop.database('orders').where({ order_id: order.order_id }).first();
    expect(row.reason).toBe('payment_ended');
  });

  test('and then one that it was paid after all: the units are reserved again, and the order goes out', async () => {
    await deliver(eventOf({ type: 'checkout.session.expired' }));
    await waitFor('the cancellation', status, (now) => now === 'cancelled');
    const late = eventOf();
    expect(await deliver(late)).toBe(200);
    expect(await outcomeOf(late)).toBe('late');
    await isDispatched();
    await expectStockBalanced(shop.database);
  });

  test('or comes when the units are gone: the money is promised back in the same commit', async () => {
    await deliver(eventOf({ type: 'checkout.session.expired' }));
    await waitFor('the cancellation', status, (now) => now === 'cancelled');
    await sellOut(shop.database);
    expect(await deliver(eventOf())).toBe(200);
    expect([await status(), await paymentState()]).toEqual(['cancelled', 'refund_due']);
    const refunds = await shop.database('refunds').where({ order_id: order.order_id });
    expect(refunds).toMatchObject([{ amount_cents: order.total, actor: 'shop', state: 'due' }]);
    await fetch(`${shop.shopUrl}/restock`, { method: 'POST' });
    await expectStockBalanced(shop.database);
  });

  test('or comes while the order is being cancelled: it waits, and is as late', async () => {
    const late = eventOf();
    const delivered = await shop.database.transaction(async (trx) => {
      await trx('payments').where({ order_id: order.order_id }).update({ state: 'expired' });
      const delivery = deliver(late);
      await waitFor(
        'the event to wait for the payment',
        () =>
          shop.database.raw(`select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`),
        ({ rows }) => rows.length > 0,
      );
      await trx.raw(
        `update orders set status = 'cancelled', reason = 'payment_ended', cancelled_at = now() where order_id = ?`,
        [order.order_id],
      );
      await trx.raw('update stock set available = available + 1 where product_id = 1');
      return { delivery };
    });
    expect(await delivered.delivery).toBe(200);
    expect(await outcomeOf(late)).toBe('late');
    await isDispatched();
  });
});

/** Takes every unit of the first product off the shelf, as a count of the stock would. */
async function sellOut(database: Database): Promise<void> {
  await database.raw(`with gone as (
      update stock set available = 0 from (select available as before from stock where product_id = 1) as old
      where product_id = 1 returning before
    )
    insert into supply (product_id, quantity, reason, actor, request_key)
    select 1, -before, 'lost', 'test', gen_random_uuid() from gone`);
}
