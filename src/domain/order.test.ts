import { describe, expect, test } from 'vitest';
import { type DispatchClock, lastUpdate, mergeItems, orderTotal, progressRemaining } from './order.ts';

const paidAt = new Date('2026-01-01T12:00:00Z');
const after = (seconds: number) => new Date(paidAt.getTime() + seconds * 1000);
const paid: DispatchClock = { status: 'paid', fulfilment: 'automatic', paidAt, dispatchDueAt: after(10) };

describe('mergeItems', () => {
  test('adds up the same product in two lines and sorts by SKU', () => {
    const items = [
      { sku: 'shackle', qty: 2 },
      { sku: 'bell', qty: 1 },
      { sku: 'shackle', qty: 3 },
    ];
    expect(mergeItems(items)).toEqual([
      { sku: 'bell', qty: 1 },
      { sku: 'shackle', qty: 5 },
    ]);
  });
});

test('orderTotal sums quantities times prices in minor units', () => {
  expect(
    orderTotal([
      { qty: 3, unitPriceCents: 9999 },
      { qty: 1, unitPriceCents: 1 },
    ]),
  ).toBe(29_998);
});

describe('progressRemaining', () => {
  test.each([
    [-1, 10],
    [0, 10],
    [0.5, 10],
    [1, 9],
    [5, 5],
    [9.5, 1],
  ])('%f seconds after the payment: %i', (seconds, remaining) => {
    expect(progressRemaining(paid, after(seconds))).toBe(remaining);
  });

  test('stays at 1 when the dispatch is late, until the order is dispatched', () => {
    expect(progressRemaining(paid, after(3600))).toBe(1);
    expect(progressRemaining({ ...paid, status: 'dispatched' }, after(3600))).toBe(0);
  });

  test('is 10 while an operator has not shipped everything, whatever the time', () => {
    const manual: DispatchClock = { ...paid, fulfilment: 'manual' };
    expect(progressRemaining(manual, after(9.5))).toBe(10);
    expect(lastUpdate(manual, [paidAt], after(9.5))).toEqual(paidAt);
    expect(progressRemaining({ ...manual, status: 'dispatched' }, after(9.5))).toBe(0);
  });

  test('is 10 for an order that waits for its payment or was cancelled', () => {
    const clock = { fulfilment: 'automatic', paidAt: null, dispatchDueAt: null } as const;
    expect(progressRemaining({ ...clock, status: 'pending' }, after(60))).toBe(10);
    expect(progressRemaining({ ...clock, status: 'cancelled' }, after(60))).toBe(10);
  });
});

describe('lastUpdate', () => {
  test('moves with each step of the dispatch', () => {
    expect(lastUpdate(paid, [after(-60), paidAt, null], after(3.5))).toEqual(after(3));
  });

  test('is the newest recorded time otherwise', () => {
    const pending: DispatchClock = { ...paid, status: 'pending', paidAt: null, dispatchDueAt: null };
    expect(lastUpdate(pending, [after(-60), null], after(3))).toEqual(after(-60));
  });
});
