import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiVersion } from '../../src/payments/stripe/events.ts';
import {
  type Answer,
  ask,
  becomes,
  outcomeOfEvent,
  placeOrder,
  placePaidOrder,
  postSigned,
} from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Events in another version of the provider's API are handled as usual, and an operator gets to know.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '600' });
});

afterAll(() => shop.close());

async function eventInVersion(version: string | null | undefined, change: object = {}) {
  const order = await placeOrder(shop);
  const object = {
    id: order.payment_id,
    object: 'checkout.session',
    client_reference_id: String(order.order_id),
    amount_total: order.total,
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: `pi_${order.order_id}`,
    ...change,
  };
  const event = {
    id: `evt_${randomUUID()}`,
    type: 'checkout.session.completed',
    api_version: version,
    created: 1,
    data: { object },
  };
  return { order, event };
}

const attention = (path = '', body?: object): Promise<Answer> =>
  ask(`${shop.shopUrl}/attention${path}`, body, { method: body ? 'POST' : 'GET' });

async function versions(): Promise<string[]> {
  return shop
    .database('attention')
    .where({ kind: 'event_version' })
    .whereNull('resolved_at')
    .pluck('subject');
}

test('an event of the right version, or without one, lists nothing', async () => {
  for (const version of [apiVersion, null, undefined]) {
    const { order, event } = await eventInVersion(version);
    expect(await postSigned(shop, event)).toBe(200);
    await becomes(shop, order, { status: 'paid' });
  }
  // The simulator's own events.
  await placePaidOrder(shop);
  expect(await versions()).toEqual([]);
});

test('events of another version are applied, and are one item for each version', async () => {
  const paid = [await eventInVersion('2024-06-20'), await eventInVersion('2024-06-20')];
  const answers = await Promise.all(paid.map(({ event }) => postSigned(shop, event)));
  expect(answers).toEqual([200, 200]);
  for (const { order } of paid) await becomes(shop, order, { status: 'paid', state: 'settled' });
  expect(await versions()).toEqual(['2024-06-20']);

  const { event: older } = await eventInVersion('2019-12-03');
  expect(await postSigned(shop, older)).toBe(200);
  expect((await versions()).toSorted()).toEqual(['2019-12-03', '2024-06-20']);

  const { body } = await attention();
  expect(body).toContainEqual(
    expect.objectContaining({
      kind: 'event_version',
      subject: '2024-06-20',
      order_id: null,
      reason_code: 'event_version',
      detail: { version: '2024-06-20', expected: apiVersion },
      reason: expect.stringContaining(`Register the webhook with version ${apiVersion}`),
    }),
  );
});

test('an event of another version that does not fit its order changes nothing, as in any version', async () => {
  const { order, event } = await eventInVersion('2024-06-20', { currency: 'eur' });
  expect(await postSigned(shop, event)).toBe(200);
  expect(await outcomeOfEvent(shop, event.id)).toBe('mismatch');
  await becomes(shop, order, { status: 'pending' });
});

test('a resolved item comes back with the next event, and cannot be retried', async () => {
  const { event } = await eventInVersion('2024-06-20');
  expect(await postSigned(shop, event)).toBe(200);
  const { attention_id: id } = await shop
    .database('attention')
    .where({ subject: '2024-06-20' })
    .whereNull('resolved_at')
    .first();
  expect(await attention(`/${id}/retry`, {})).toMatchObject({ body: { code: 'not_restartable' } });
  expect(await attention(`/${id}/resolve`, { resolution: 'registered anew' })).toMatchObject({ status: 200 });
  expect(await versions()).not.toContain('2024-06-20');

  const { event: next } = await eventInVersion('2024-06-20');
  expect(await postSigned(shop, next)).toBe(200);
  expect(await versions()).toContain('2024-06-20');
});
