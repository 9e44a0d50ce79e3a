import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { flagUnknownPayment } from '../../src/database/transactions/unknown-payments.ts';
import { inTransaction } from '../../src/shared/statement.ts';
import { eraseDuePersonalData } from '../../src/workflows/personal-data.ts';
import { dump, placesOf } from '../privacy/dump.ts';
import { waysToCancel } from '../support/edges.ts';
import { sendForm } from '../support/forms.ts';
import { ask, becomes, placeOrder, placePaidOrder, type TestOrder } from '../support/orders.ts';
import { refund } from '../support/refunds.ts';
import { everyWorkflowEnded, remaining } from '../support/retention.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Housekeeping removes the personal data of orders some time after their end (docs/PRIVACY.md).

const days = 10;
const email = 'ann@reader.example';
const browser = 'B'.repeat(22);
let shop: TestShop;
let order: TestOrder;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '0.1',
    RECONCILE_SECONDS: '3600',
    PERSONAL_DATA_DAYS: String(days),
  });
  await DBOS.pauseSchedule('housekeeping');
});

afterAll(() => shop.close());

function erase(deleteWorkflows = (ids: string[]) => DBOS.deleteWorkflows(ids)): Promise<number> {
  return eraseDuePersonalData(shop.shopDatabase, { personalDataDays: days, deleteWorkflows });
}

function orders() {
  return shop.database('orders').where({ order_id: order.order_id });
}

/** Makes the order older by some days, and gives it a browser. */
async function age(daysAgo: number): Promise<void> {
  const times = ['dispatched_at', 'cancelled_at', 'refunded_at', 'paid_at'];
  const earlier = times.map((time) => `${time} = ${time} - cast(:daysAgo as numeric) * interval '1 day'`);
  await shop.database.raw(
    `update orders set browser_id = :browser, ${earlier.join(', ')} where order_id = :id`,
    {
      daysAgo,
      browser,
      id: order.order_id,
    },
  );
}

async function read() {
  const { email: address, browser_id: browserId, request_hash: hash } = await orders().first();
  return { address, browserId, isHashErased: /^0+$/.test(hash) };
}

const whole = { address: email, browserId: browser, isHashErased: false };
const nothing = { address: null, browserId: null, isHashErased: true };

const ends: Readonly<Record<string, () => Promise<TestOrder>>> = {
  dispatched: async () => {
    const placed = await placePaidOrder(shop, { email });
    await becomes(shop, placed, { status: 'dispatched' });
    return placed;
  },
  refunded: async () => {
    const placed = await placePaidOrder(shop, { email });
    await refund(shop, placed);
    await becomes(shop, placed, { status: 'refunded' });
    return placed;
  },
  'never paid': async () => {
    const placed = await placeOrder(shop, { email });
    await waysToCancel['on the order’s page'](shop, placed);
    await becomes(shop, placed, { status: 'cancelled' });
    return placed;
  },
};

const workflowsLeft = () => remaining(shop, `checkout-${order.key}`);

describe.each(['dispatched', 'refunded'])('an order that was %s', (end) => {
  beforeEach(async () => {
    order = await (ends[end] ?? expect.fail)();
    await everyWorkflowEnded(shop);
  });

  test('keeps address and browser for some days, and then loses them with its workflows and messages', async () => {
    await age(days - 0.01);
    expect(await erase()).toBe(0);
    expect(await read()).toEqual(whole);
    expect(await workflowsLeft()).not.toEqual([]);

    await age(0.02);
    expect(await erase()).toBe(1);
    expect(await read()).toEqual(nothing);
    expect(await workflowsLeft()).toEqual([]);
    const messages = await shop.database('emails').where({ order_id: order.order_id });
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages)
      expect(message).toMatchObject({ subject: null, text_body: null, html_body: null });
    expect(await erase()).toBe(0);
    expect((await auditDatabase(shop.shopDatabase, 30)).broken).toEqual([]);
  });

  test('loses the address of its placement when that is all it has', async () => {
    await age(days + 1);
    await orders().update({ browser_id: null, email: null, first_email: email });
    expect(await erase()).toBe(1);
    expect(await orders().first()).toMatchObject({ first_email: null });
    expect(await erase()).toBe(0);
  });

  test('keeps them while a message of it is due', async () => {
    await age(days + 1);
    await shop.database('emails').where({ order_id: order.order_id }).update({ sent_at: null });
    expect(await erase()).toBe(0);
    expect(await read()).toEqual(whole);
    await shop.database('emails').where({ order_id: order.order_id }).update({ sent_at: new Date() });
    expect(await erase()).toBe(1);
  });
});

describe('an order that was never paid', () => {
  beforeEach(async () => {
    order = await (ends['never paid'] ?? expect.fail)();
    await everyWorkflowEnded(shop);
  });

  test('loses address and workflows after a day, and its browser with the others', async () => {
    await age(0.99);
    expect(await erase()).toBe(0);
    await age(0.02);
    expect(await erase()).toBe(1);
    expect(await read()).toEqual({ ...nothing, browserId: browser });
    expect(await workflowsLeft()).toEqual([]);
    await age(days);
    expect(await erase()).toBe(1);
    expect(await read()).toEqual(nothing);
  });

  test('loses the address of its placement, when the shop has sent no messages since and a review removed the other', async () => {
    await orders().update({ email: null, first_email: email });
    await age(1.01);
    expect(await erase()).toBe(1);
    expect(await orders().first()).toMatchObject({ first_email: null });
    expect(await read()).toEqual({ ...nothing, browserId: browser });
  });

  test('is erased by the next run when one was cut off in between', async () => {
    await age(2);
    await expect(erase(() => Promise.reject(new Error('cut off')))).rejects.toThrow('cut off');
    expect(await read()).toEqual(whole);
    await expect(
      erase(async (ids) => {
        await DBOS.deleteWorkflows(ids);
        throw new Error('cut off');
      }),
    ).rejects.toThrow('cut off');
    expect(await read()).toEqual(whole);
    expect(await erase()).toBe(1);
    expect((await read()).address).toBeNull();
  });

  test('is left alone when work has begun for it meanwhile', async () => {
    await age(2);
    const erased = await erase(async (ids) => {
      await DBOS.deleteWorkflows(ids);
      await shop.database('emails').insert({ order_id: order.order_id, kind: 'order_cancelled' });
    });
    expect(erased).toBe(0);
    expect(await read()).toEqual(whole);
    await shop.database('emails').where({ order_id: order.order_id }).update({ sent_at: new Date() });
    expect(await erase()).toBe(1);
  });

  test('is found under its key, and a repetition of its request is refused', async () => {
    await age(2);
    await erase();
    const again = { items: [{ sku: 'shackle', qty: 1 }], email };
    expect(await ask(`${shop.shopUrl}/checkout/${order.key}`, again)).toMatchObject({
      status: 422,
      body: { code: 'key_reused' },
    });
  });
});

test('an order that waits for its payment or its dispatch keeps everything, however old it is', async () => {
  order = await placeOrder(shop, { email });
  await shop.database.raw(
    `update orders set created_at = now() - interval '1 year', browser_id = ? where order_id = ?`,
    [browser, order.order_id],
  );
  expect(await erase()).toBe(0);
  expect(await read()).toEqual(whole);
  expect(await workflowsLeft()).not.toEqual([]);
  await waysToCancel['on the order’s page'](shop, order);
  await becomes(shop, order, { status: 'cancelled' });
});

test('an order that is marked is erased as soon as it has ended, and loses the operator’s words', async () => {
  order = await placePaidOrder(shop, { email });
  await refund(shop, order, { amount: 100, reason: 'for Ann' });
  await becomes(shop, order, { status: 'dispatched', refunded: 100 });
  await orders().update({ erase_asked_at: new Date(), browser_id: browser });
  await everyWorkflowEnded(shop);
  expect(await erase()).toBe(1);
  expect(await read()).toEqual(nothing);
  expect(await orders().first()).toMatchObject({ erase_asked_at: null });
  const [made] = await shop.database('refunds').where({ order_id: order.order_id });
  expect(made).toMatchObject({ amount_cents: 100, note: '(erased)', request: null });
});

test('the address of a payment without an order goes with time: from its event, and from its item once that is resolved', async () => {
  await shop.database('attention').delete();
  const payment = { orderId: 7, amountCents: 100, currency: 'USD', transactionId: 'pi_lost', email };
  await inTransaction(shop.shopDatabase, (sql) =>
    flagUnknownPayment(sql, { ...payment, sessionId: 'cs_lost' }),
  );
  const longAgo = shop.database.raw(`now() - interval '${days} days 1 minute'`);
  await shop.database('payment_events').insert({
    event_id: 'evt_lost',
    type: 'checkout.session.completed',
    body: '{}',
    outcome: 'unknown_order',
    email,
    received_at: longAgo,
  });
  const item = () => shop.database('attention').where({ subject: 'cs_lost' }).first('detail');
  await erase();
  expect(await shop.database('payment_events').where({ event_id: 'evt_lost' }).first()).toMatchObject({
    email: null,
  });
  expect(await item(), 'the operator needs it').toMatchObject({ detail: { email } });
  await shop.database('attention').update({ resolved_at: longAgo, resolution: 'done' });
  await erase();
  expect(await item()).toMatchObject({ detail: { ...payment, email: null } });
});

describe('the words of a request', () => {
  const reason = 'Ann Reader has moved to Dover Street';
  const words = () => dump(shop.database).then((text) => placesOf(text, /ann reader/i));

  async function askToReturn(): Promise<void> {
    await becomes(shop, order, { status: 'dispatched' });
    const path = new URL(order.order_url).pathname;
    expect(await sendForm(shop, `${path}/contact`, { act: 'ask', reason })).toMatchObject({ status: 303 });
    expect(await words()).toHaveLength(1);
  }

  async function ageRequest(daysAgo: number): Promise<void> {
    const earlier = shop.database.raw(`raised_at - cast(? as numeric) * interval '1 day'`, [daysAgo]);
    await shop.database('attention').where({ order_id: order.order_id }).update({ raised_at: earlier });
  }

  test('about an order without personal data go with time', async () => {
    order = await placePaidOrder(shop, {});
    await askToReturn();
    await orders().update({
      dispatched_at: shop.database.raw(`now() - cast(? as numeric) * interval '1 day'`, [days - 0.01]),
    });
    await ageRequest(days + 1);
    await erase();
    expect(await words()).toHaveLength(1);
    await orders().update({
      dispatched_at: shop.database.raw(`now() - cast(? as numeric) * interval '1 day'`, [days + 0.01]),
    });
    await erase();
    expect(await words()).toEqual([]);
    const item = await shop.database('attention').where({ order_id: order.order_id }).first();
    expect(item).toMatchObject({ reason: 'return_asked', detail: { message: '(erased)' } });
  });

  test('that came after the erasure of its order go with time', async () => {
    order = await placePaidOrder(shop, { email });
    await becomes(shop, order, { status: 'dispatched' });
    await everyWorkflowEnded(shop);
    await age(days + 1);
    expect(await erase()).toBe(1);
    await askToReturn();
    await erase();
    expect(await words(), 'the operator has not read them').toHaveLength(1);
    await ageRequest(days + 0.01);
    await erase();
    expect(await words()).toEqual([]);
  });
});

test('the schedule removes it by itself', async () => {
  order = await (ends['never paid'] ?? expect.fail)();
  await everyWorkflowEnded(shop);
  await age(2);
  const run = await DBOS.triggerSchedule('housekeeping');
  await run.getResult();
  expect((await read()).address).toBeNull();
});
