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
  ['a price that the provider takes', [{ ...item, unitPriceCents: 1230, currency: 'KWD' }], null],
  ['a price with a last digit in KWD', [{ ...item, unitPriceCents: 1234, currency: 'KWD' }], 'bad_price'],
  ['a fraction of an ISK', [{ qty: 2, unitPriceCents: 50, currency: 'ISK' }], 'bad_price'],
  ['an unknown currency', [{ ...item, currency: 'XYZ' }], 'bad_price'],
  ['two currencies', [item, { ...item, currency: 'EUR' }], 'currencies'],
  ['as many units as allowed', [{ ...item, qty: maxQuantity }], null],
  ['one unit too many', [{ ...item, qty: maxQuantity + 1 }], 'too_many_units'],
  ['as many products as allowed', Array.from({ length: maxItems }, () => item), null],
  ['one product too many', Array.from({ length: maxItems + 1 }, () => item), 'too_many_products'],
] as const)('the blocker of %s', (_name, items, blocker) => {
  expect(blockerOf(items)).toBe(blocker);
});
