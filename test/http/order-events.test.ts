import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cancelWords, words } from '../../src/storefront/words.ts';
import { EventReader } from '../support/event-reader.ts';
import { becomes, control, pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The page of an order by server-sent events: everything that happens, in order, once, whatever breaks in between.

const perAddress = 5;
let shop: TestShop;
const readers: EventReader[] = [];
/** The open requests for a stream. */
let open = 0;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '1',
    EVENT_STREAMS_PER_ADDRESS: String(perAddress),
  });
  await shop.database.raw('create extension pg_stat_statements');
  shop.server.server.on('request', ({ url }, response) => {
    if (!url?.endsWith('/events')) return;
    open += 1;
    response.once('close', () => {
      open -= 1;
    });
  });
});

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await waitFor(
    'every stream to be gone',
    () => open,
    (count) => count === 0,
  );
});

afterAll(() => shop.close());

async function watch(order: TestOrder, headers: Record<string, string> = {}): Promise<EventReader> {
  const reader = await EventReader.open(`${order.order_url}/events`, headers);
  readers.push(reader);
  return reader;
}

const last = (reader: EventReader) => reader.events.at(-1)?.data ?? '';
const shows = (reader: EventReader, text: string) =>
  waitFor(
    `the stream to show ${text}`,
    () => last(reader),
    (html) => html.includes(text),
  );

describe('one stream', () => {
  test('shows an order from its placement to its end, and then ends', async () => {
    const order = await placeOrder(shop);
    const reader = await watch(order);
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'content-security-policy': expect.stringContaining("default-src 'self'"),
    });
    expect(reader.headers['content-encoding']).toBeUndefined();
    await shows(reader, 'Waiting for payment');
    expect(reader.rest).toContain('retry: 1000');
    await pay(shop, order);
    await waitFor('the end', () => reader.ended, Boolean);
    expect(reader.doneSteps).toEqual(['placed', 'paid', 'dispatch', 'dispatched']);
    expect(last(reader)).toContain('data-final');
    const ids = reader.events.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(reader.events.some(({ data }) => data.includes('Paid') && !data.includes('data-final'))).toBe(
      true,
    );
  });

  test('begins with the whole live part, also after a reconnect and for a finished order', async () => {
    const order = await placeOrder(shop);
    const first = await watch(order);
    await shows(first, 'Waiting for payment');
    first.close();
    await pay(shop, order);
    await becomes(shop, order, { status: 'dispatched' });
    const again = await watch(order, { 'last-event-id': first.events.at(-1)?.id ?? '' });
    await waitFor('the end', () => again.ended, Boolean);
    expect(again.events).toHaveLength(1);
    expect(again.doneSteps).toEqual(['placed', 'paid', 'dispatch', 'dispatched']);
  });

  test('shows that a payment has arrived, also while it is not settled', async () => {
    const order = await placeOrder(shop);
    const reader = await watch(order);
    await shows(reader, 'Cancel the order');
    // As the webhook does, while the process of the checkout is down.
    await shop
      .database('payments')
      .where({ order_id: order.order_id })
      .update({ state: 'paid', transaction_id: `ch_${order.order_id}` });
    await shows(reader, words.order.paymentSeen);
    expect(last(reader)).not.toContain('Cancel the order');
  });

  test('of a cancelled order stays open, because a payment may still arrive', async () => {
    const order = await placeOrder(shop);
    const reader = await watch(order);
    await shows(reader, 'Waiting for payment');
    await fetch(`${order.order_url}/cancel`, { method: 'POST', redirect: 'manual' });
    await shows(reader, cancelWords.cancelled_by_shopper);
    expect(reader.doneSteps).toEqual(['placed', 'cancel_asked', 'cancelled']);
    await control(shop, order, 'late_payment');
    await waitFor('the end', () => reader.ended, Boolean);
    expect(reader.doneSteps.slice(3)).toEqual(['paid_late', 'refunded']);
    expect(last(reader)).not.toMatch(/nothing was charged/i);
    expect(last(reader)).toContain('data-final');
  });

  test('of an order that was cancelled half an hour ago ends', async () => {
    const order = await placeOrder(shop);
    await fetch(`${order.order_url}/cancel`, { method: 'POST', redirect: 'manual' });
    await becomes(shop, order, { status: 'cancelled' });
    const longAgo = shop.database.raw(`now() - interval '29 minutes 58 seconds'`);
    await shop.database('orders').where({ order_id: order.order_id }).update({ cancelled_at: longAgo });
    const reader = await watch(order);
    await shows(reader, cancelWords.cancelled_by_shopper);
    await waitFor('the end', () => reader.ended, Boolean);
    expect(reader.events.map(({ data }) => data.includes('data-final'))).toEqual([false, true]);
  });

  test('has no HEAD, because it would never end', async () => {
    const order = await placeOrder(shop);
    expect((await fetch(`${order.order_url}/events`, { method: 'HEAD' })).status).toBe(404);
  });
});

test.each(['x', 'nobody-has-this-token-1', '%00', 'a'.repeat(500)])(
  'an unknown address (%s) is the constant 404, as a page and as a stream',
  async (token) => {
    const answers = await Promise.all(
      ['', '/events'].map((path) => fetch(`${shop.shopUrl}/orders/${token}${path}`)),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({
        code: 'not_found',
        detail: 'There is no order at this address.',
      });
    }
  },
);

test('many streams of one order cost one read per change', async () => {
  const order = await placeOrder(shop);
  const watching = await Promise.all(Array.from({ length: perAddress }, () => watch(order)));
  for (const reader of watching) await shows(reader, 'Waiting for payment');
  const before = await reads();
  await pay(shop, order);
  for (const reader of watching) await waitFor('the end', () => reader.ended, Boolean);
  // Opened, payment arrived, settled and dispatched: one read each, and at most one more for changes during a read.
  expect((await reads()) - before).toBeLessThanOrEqual(8);
  for (const reader of watching) expect(reader.doneSteps).toHaveLength(4);
});

async function reads(): Promise<number> {
  const { rows } = await shop.database.raw<{ rows: { calls: string }[] }>(
    `select coalesce(sum(calls), 0) as calls from pg_stat_statements
     where query like '%json_agg(entry%' and dbid = (select oid from pg_database where datname = current_database())`,
  );
  return Number(rows[0]?.calls);
}

test('a thousand streams from one address: a few are opened, the rest are refused with Retry-After', async () => {
  const order = await placeOrder(shop);
  const asked: EventReader[] = [];
  // More at once overflow the queue of a listening socket (511), and the kernel of a busy machine may reset some of them.
  while (asked.length < 1000)
    asked.push(...(await Promise.all(Array.from({ length: 250 }, () => watch(order)))));
  const letIn = asked.filter(({ status }) => status === 200);
  const refused = asked.filter(({ status }) => status === 429);
  expect([letIn.length, refused.length]).toEqual([perAddress, 1000 - perAddress]);
  expect(refused[0]?.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'retry-after': '10',
  });
  expect((await fetch(order.order_url)).status).toBe(200);
  for (const reader of asked) reader.close();
  await waitFor(
    'every stream to be gone',
    () => open,
    (count) => count === 0,
  );
  // None is counted any more.
  const again = await Promise.all(Array.from({ length: perAddress }, () => watch(order)));
  expect(again.map(({ status }) => status)).toEqual(Array(perAddress).fill(200));
});

test('changes during a lost LISTEN connection are shown after it is restored', async () => {
  const order = await placeOrder(shop);
  const reader = await watch(order);
  await shows(reader, 'Waiting for payment');
  const listeners = () =>
    shop
      .database('pg_stat_activity')
      .whereRaw(`application_name = 'listen order_changed' and datname = current_database()`);
  await shop.database.raw(`select pg_terminate_backend(pid) from (${listeners().toQuery()}) as listener`);
  await waitFor('the listener to be gone', listeners, (found) => found.length === 0);
  await shop.database('order_history').insert({ order_id: order.order_id, what: 'disputed' });
  await shows(reader, 'Payment disputed');
  await waitFor('a new listener', listeners, (found) => found.length === 1);
  await pay(shop, order);
  await waitFor('the end', () => reader.ended, Boolean);
  expect(reader.doneSteps).toEqual(['placed', 'disputed', 'paid', 'dispatch', 'dispatched']);
});

test('a shop that closes ends its streams, also one without a reader, and opens no new one', async () => {
  const order = await placeOrder(shop);
  const [first, asleep] = await Promise.all([watch(order), watch(order)]);
  for (const reader of [first, asleep]) await shows(reader, 'Waiting for payment');
  asleep.pause();
  const began = performance.now();
  await shop.server.close();
  expect(performance.now() - began).toBeLessThan(2_000);
  await waitFor('the end', () => first.ended, Boolean);
});
