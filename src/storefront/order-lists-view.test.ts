import { expect, test } from 'vitest';
import { aSummary, now } from '../../test/support/storefront-samples.ts';
import { recentOrdersView } from './order-lists-view.ts';

const view = (orders: Parameters<typeof recentOrdersView>[0]) =>
  recentOrdersView(orders, new Map([[1, 'Premium Quality Widget']]), now);

test('recent orders carry nothing personal and no address', () => {
  const text = JSON.stringify(view([aSummary({ browserId: 'browser-1' })]));
  for (const secret of ['someone@example.com', 'token', '"key', 'browser'])
    expect(text).not.toContain(secret);
  expect(text).toContain('Premium Quality Widget');
});

test('only paid and dispatched orders draw a rope', () => {
  const paid = { status: 'paid', paidAt: now, dispatchDueAt: new Date(now.getTime() + 10_000) } as const;
  const orders = [
    aSummary(),
    aSummary(paid),
    aSummary({ ...paid, status: 'dispatched', dispatchedAt: now }),
    aSummary({ status: 'cancelled', reason: 'hold_expired', cancelledAt: now }),
  ];
  const shown = view(orders).map(({ progress }) => progress?.text);
  expect(shown).toEqual([undefined, '0 of 10', '10 of 10', undefined]);
});
