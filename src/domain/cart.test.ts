import { expect, test } from 'vitest';
import { type CartLine, checkCart } from './cart.ts';
import { largestTotalCents } from './order.ts';

const line: CartLine = {
  sku: 'bell',
  product: 'Small Brass Bell',
  image: '/assets/products/bell.svg',
  wanted: 3,
  available: 10,
  seenPriceCents: 1000,
  unitPriceCents: 1000,
  currency: 'USD',
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

test('an empty cart is worth nothing', () => {
  expect(checkCart([])).toMatchObject({ items: [], totalCents: 0, tooMuch: false });
});

test.each([
  [largestTotalCents, false],
  [largestTotalCents + 1, true],
])('a total of %i is too much for one payment: %s', (unitPriceCents, tooMuch) => {
  expect(checkCart([{ ...line, wanted: 1, unitPriceCents }]).tooMuch).toBe(tooMuch);
});
