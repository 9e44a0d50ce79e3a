import { expect, test } from 'vitest';
import { type CartLine, checkCart } from './cart.ts';

const line: CartLine = {
  sku: 'bell',
  product: 'Small Brass Bell',
  image: '/assets/products/bell.svg',
  wanted: 3,
  available: 10,
  seenPriceCents: 1000,
  unitPriceCents: 1000,
  currency: 'USD',
  weightGrams: 150,
  taxClass: 'standard',
  heldByOtherOrders: 0,
};

test.each([
  [3, 10, 3],
  [3, 3, 3],
  [3, 2, 2],
  [3, 0, 0],
])('of %i wanted and %i available, %i can be ordered', (wanted, available, qty) => {
  const { lines, items, totalCents } = checkCart([{ ...line, wanted, available }]);
  expect(lines).toMatchObject([{ wanted, qty }]);
  expect(items).toEqual(qty === 0 ? [] : [{ sku: 'bell', qty }]);
  expect(totalCents).toBe(qty * 1000);
});

test('prices are those of now, whatever was seen', () => {
  expect(checkCart([{ ...line, seenPriceCents: 900 }]).totalCents).toBe(3000);
});

test.each([
  ['an empty cart', [], 'nothing'],
  ['a sold-out one', [{ ...line, available: 0 }], 'nothing'],
  ['two currencies', [line, { ...line, sku: 'block', currency: 'EUR' }], 'currencies'],
  ['a second currency that is sold out', [line, { ...line, available: 0, currency: 'EUR' }], null],
] as const)('the blocker of %s is decided by the units that are left', (_name, lines, blocker) => {
  expect(checkCart(lines).blocker).toBe(blocker);
});

test('a review fingerprint is the same only for the same products, units and prices', () => {
  const other = { ...line, sku: 'block' };
  const fingerprintOf = (...lines: CartLine[]) => checkCart(lines).reviewFingerprint;
  const fingerprint = fingerprintOf({ ...line, available: 1 }, { ...other, available: 2 });
  expect(fingerprintOf({ ...line, wanted: 1 }, { ...other, wanted: 2, available: 9 })).toBe(fingerprint);
  expect(fingerprintOf({ ...line, available: 2 }, { ...other, available: 1 })).not.toBe(fingerprint);
  expect(fingerprintOf({ ...line, available: 1 }, { ...other, available: 2, unitPriceCents: 999 })).not.toBe(
    fingerprint,
  );
});
