import { afterAll, beforeAll, expect, test } from 'vitest';
import { Visitor } from '../support/browser.ts';
import { EventReader } from '../support/event-reader.ts';
import { ask, attentionItems, becomes, control, pay, placeOrder } from '../support/orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Orders, refunds and attention items have numbers of 64 bits, and every part of the shop carries them as numbers.

const beyond32Bits = 2 ** 31;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.2', RECONCILE_SECONDS: '3600' });
  for (const [table, column] of [
    ['orders', 'order_id'],
    ['refunds', 'refund_id'],
    ['shipments', 'shipment_id'],
    ['emails', 'email_id'],
    ['attention', 'attention_id'],
  ]) {
    await shop.database.raw('select setval(pg_get_serial_sequence(?, ?), ?)', [
      String(table),
      String(column),
      beyond32Bits - 1,
    ]);
  }
});

afterAll(() => shop.close());

test('an order beyond 32 bits is bought, dispatched, shown, refunded and disputed', async () => {
  const order = await placeOrder(shop, { email: 'ada@reader.example' });
  expect(order.order_id).toBe(beyond32Bits);
  const events = await EventReader.open(`${order.order_url}/events`);
  await pay(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  await waitFor(
    'the stream to show the dispatch',
    () => events.ended,
    (ended) => ended,
  );
  expect(events.doneSteps).toContain('dispatch');

  const get = async (path: string) => (await ask(shop.shopUrl + path, undefined, { method: 'GET' })).body;
  expect(await get(`/order/${order.order_id}`)).toMatchObject({
    order_id: beyond32Bits,
    status: 'dispatched',
  });
  expect(await get('/orders')).toMatchObject([{ order_id: beyond32Bits }]);
  expect(await get(`/orders?before=${beyond32Bits}`)).toEqual([]);

  const { body } = await refund(shop, order, { amount: 100 }, {});
  expect(body).toMatchObject({ refund_id: beyond32Bits, order_id: beyond32Bits });
  await everyRefundMade(shop);

  await control(shop, order, 'dispute');
  await waitFor(
    'the dispute to be on the list',
    () => attentionItems(shop, order),
    ({ length }) => length === 1,
  );
  expect(await get('/attention')).toMatchObject([{ attention_id: beyond32Bits, order_id: beyond32Bits }]);
  const visitor = new Visitor(shop.shopUrl);
  expect((await visitor.get('/operator')).text).toContain(`Order ${beyond32Bits}`);
  const path = `/operator/attention/${beyond32Bits}/resolve`;
  expect((await visitor.post(path, { resolution: 'won' })).location).toBe('/operator?outcome=resolved');

  const messages = await waitFor(
    'both messages',
    async () => (await get('/outbox')) as unknown as { email_id: number; order_id: number }[],
    ({ length }) => length === 2,
  );
  expect(messages.map(({ email_id: id }) => id)).toEqual([beyond32Bits + 1, beyond32Bits]);
  expect((await visitor.get(`/outbox/${beyond32Bits}`)).text).toContain(`Order ${beyond32Bits}`);
});

test('the last number is the largest that JSON keeps, and no order gets a further one', async () => {
  const last = Number.MAX_SAFE_INTEGER;
  await shop.database.raw(`select setval('orders_order_id_seq', ?)`, [last - 1]);
  const order = await placeOrder(shop);
  expect(order.order_id).toBe(last);
  expect((await ask(`${shop.shopUrl}/order/${last}`, undefined, { method: 'GET' })).body).toMatchObject({
    order_id: last,
  });
  await expect(placeOrder(shop)).rejects.toThrow('not placed');
  expect(await shop.database('orders').where('order_id', '>', last)).toEqual([]);
});
