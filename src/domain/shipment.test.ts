import { describe, expect, test } from 'vitest';
import { arrivalOf, decideShipment, type LineProgress, workingDaysAfter } from './shipment.ts';

const line = (productId: number, changes: Partial<LineProgress> = {}): LineProgress => ({
  productId,
  quantity: 5,
  shipped: 0,
  stopped: 0,
  ...changes,
});
const paid = { orderStatus: 'paid', state: 'settled' } as const;

describe('decideShipment', () => {
  const lines = [
    line(1, { shipped: 2, stopped: 1 }),
    line(2),
    line(3, { shipped: 5 }),
    line(4, { stopped: 5 }),
  ];

  test('ships what is neither shipped nor stopped, if it is not asked for less', () => {
    expect(decideShipment(undefined, paid, lines, false)).toEqual([
      { productId: 1, quantity: 2 },
      { productId: 2, quantity: 5 },
    ]);
  });

  test('ships what it is asked for, and adds up the same product', () => {
    const items = [1, 2, 1].map((productId) => ({ productId, quantity: 1 }));
    expect(decideShipment(items, paid, lines, false)).toEqual([
      { productId: 1, quantity: 2 },
      { productId: 2, quantity: 1 },
    ]);
  });

  test.each([
    ['more than is left', 1, 3, 2],
    ['of a line that is shipped', 3, 1, 0],
    ['of a line that is refunded', 4, 1, 0],
    ['of a product that is not in the order', 9, 1, 0],
  ])('refuses %s, and says what is left', (_what, productId, quantity, left) => {
    const items = [
      { productId: 2, quantity: 5 },
      { productId, quantity },
    ];
    const refusal = { refused: 'shipment_too_large', lines: [{ productId, left }] };
    expect(decideShipment(items, paid, lines, false)).toEqual(refusal);
  });

  test.each([
    ['pending', 'open', false, 'not_shippable'],
    ['cancelled', 'expired', false, 'not_shippable'],
    ['cancelled', 'refund_due', false, 'not_shippable'],
    ['paid', 'refund_due', false, 'not_shippable'],
    ['refunded', 'refunded', false, 'not_shippable'],
    ['dispatched', 'refund_due', false, 'not_shippable'],
    ['dispatched', 'settled', false, 'already_shipped'],
    ['paid', 'settled', true, 'event_waiting'],
  ] as const)(
    'of an order that is %s, with a payment that is %s (%s): %s',
    (orderStatus, state, waits, refused) => {
      expect(decideShipment(undefined, { orderStatus, state }, lines, waits)).toEqual({ refused, lines: [] });
    },
  );
});

describe('working days', () => {
  const at = (day: string) => new Date(`${day}T15:00:00Z`);

  test.each([
    ['a Monday', '2026-11-23', 1, '2026-11-24'],
    ['a Friday', '2026-11-27', 0, '2026-11-27'],
    ['a Friday', '2026-11-27', 1, '2026-11-30'],
    ['a Friday', '2026-11-27', 6, '2026-12-07'],
    ['a Saturday', '2026-11-28', 0, '2026-11-30'],
    ['a Saturday', '2026-11-28', 1, '2026-11-30'],
    ['a Sunday', '2026-11-29', 2, '2026-12-01'],
  ])('after %s, %s: %i later it is %s', (_name, from, days, to) => {
    expect(workingDaysAfter(at(from), days)).toEqual(at(to));
  });

  test('give the days between which an order arrives, unless its delivery names none', () => {
    expect(arrivalOf(at('2026-11-26'), 2, 4)).toEqual({ from: at('2026-11-30'), to: at('2026-12-02') });
    expect(arrivalOf(at('2026-11-26'), null, null)).toBeNull();
  });
});
