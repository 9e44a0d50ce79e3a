import { expect, test } from 'vitest';
import { blockerOf, largestTotalCents, maxItems, maxQuantity, type PricedItem } from './limits.ts';

const item: PricedItem = { qty: 3, unitPriceCents: 1000, currency: 'USD' };

test.each([
  ['no item', [], 'nothing'],
  ['free items', [{ ...item, unitPriceCents: 0 }], 'nothing'],
  ['the largest payment', [{ ...item, qty: 1, unitPriceCents: largestTotalCents }], null],
  [
    'one cent more than the largest payment',
    [{ ...item, qty: 1, unitPriceCents: largestTotalCents + 1 }],
    'too_much',
  ],
  ['two currencies', [item, { ...item, currency: 'EUR' }], 'currencies'],
  ['as many units as allowed', [{ ...item, qty: maxQuantity }], null],
  ['one unit too many', [{ ...item, qty: maxQuantity + 1 }], 'too_many_units'],
  ['as many products as allowed', Array.from({ length: maxItems }, () => item), null],
  ['one product too many', Array.from({ length: maxItems + 1 }, () => item), 'too_many_products'],
] as const)('the blocker of %s', (_name, items, blocker) => {
  expect(blockerOf(items)).toBe(blocker);
});
