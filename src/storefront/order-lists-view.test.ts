import { expect, test } from 'vitest';
import { aListedOrder, now } from '../../test/support/storefront-samples.ts';
import { recentOrdersView, yourOrdersView } from './order-lists-view.ts';

const browser = { isKnown: true, isForgotten: false, isNewest: true };

const view = (orders: Parameters<typeof recentOrdersView>[0]) => recentOrdersView(orders, now);

test('recent orders carry nothing personal and no address', () => {
  const text = JSON.stringify(view([aListedOrder({ browserId: 'browser-1' })]));
  for (const secret of ['someone@example.com', 'token', '"key', 'browser'])
    expect(text).not.toContain(secret);
  expect(text).toContain('Premium Quality Widget');
});

test('only paid and dispatched orders draw a rope', () => {
  const paid = { status: 'paid', paidAt: now, dispatchDueAt: new Date(now.getTime() + 10_000) } as const;
  const orders = [
    aListedOrder(),
    aListedOrder(paid),
    aListedOrder({ ...paid, status: 'dispatched', dispatchedAt: now }),
    aListedOrder({ status: 'cancelled', reason: 'hold_expired', cancelledAt: now }),
  ];
  const shown = view(orders).map(({ progress }) => progress?.text);
  expect(shown).toEqual([undefined, '0 of 10', '10 of 10', undefined]);
});

test('an order in a list says how many of what was bought, and on which day', () => {
  const bell = { product: 'Small Brass Bell', quantity: 1 };
  const shackles = { product: 'Bow Shackle', quantity: 8 };
  const orders = [[bell], [shackles], [shackles, bell, bell]].map((items) => aListedOrder({ items }));
  // The spaces beside the sign do not break.
  expect(view(orders).map(({ items }) => items)).toEqual([
    'Small Brass Bell',
    '8\u00a0×\u00a0Bow Shackle',
    '3 items: 8\u00a0×\u00a0Bow Shackle and 2 more',
  ]);
  expect(view(orders)[0]?.time.text).toBe('14:30 UTC on 21 Nov 2026');
  const { orders: own } = yourOrdersView({ orders, olderThan: null }, browser);
  expect(own[2]?.items).toBe('8\u00a0×\u00a0Bow Shackle, Small Brass Bell, Small Brass Bell');
  expect(own[0]?.time.text).toBe('14:30 UTC on 21 Nov 2026');
});

test('a part of the orders of a browser says so, and leads to the others', () => {
  const orders = [aListedOrder(), aListedOrder({ orderId: 5 })];
  expect(yourOrdersView({ orders, olderThan: null }, browser)).toMatchObject({ part: null, older: null });
  expect(yourOrdersView({ orders, olderThan: 5 }, browser)).toMatchObject({
    part: 'These are your newest 2 orders. There are older ones.',
    older: '/your-orders?before=5',
  });
  const earlier = { ...browser, isNewest: false };
  expect(yourOrdersView({ orders, olderThan: null }, earlier)).toMatchObject({
    part: 'These are 2 earlier orders.',
    older: null,
  });
});
