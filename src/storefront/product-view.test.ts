import { expect, test } from 'vitest';
import { aProduct } from '../../test/support/storefront-samples.ts';
import { productView } from './product-view.ts';

const view = (changes: Parameters<typeof aProduct>[0]) =>
  productView(aProduct(changes), [], 'https://shop.example');

test.each([
  [100, 100],
  [5000, 1000],
  [3, 3],
])('of %i units, %i can be put into the cart at once', (available, most) => {
  expect(view({ available }).most).toBe(most);
});

test.each([
  [1, 'USD', '99.99', 'https://schema.org/InStock'],
  [0, 'USD', '99.99', 'https://schema.org/OutOfStock'],
  [1, 'JPY', '9999', 'https://schema.org/InStock'],
])('programs are told of %i units in %s: %s, %s', (available, currency, price, availability) => {
  expect(view({ available, currency }).offer).toEqual({ price, currency, availability });
});
