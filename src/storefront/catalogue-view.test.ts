import { expect, test } from 'vitest';
import { aProduct } from '../../test/support/storefront-samples.ts';
import { catalogueView, productView } from './catalogue-view.ts';

const source = {
  text: '',
  order: 'featured',
  products: [aProduct(), aProduct({ productId: 2, sku: 'bell', product: 'Small Brass Bell' })],
  publicUrl: 'https://shop.example',
} as const;

test.each([
  [100, '100 in stock', 'some'],
  [6, '6 in stock', 'some'],
  [5, 'Only 5 left', 'few'],
  [1, 'Only 1 left', 'few'],
  [0, 'Sold out', 'none'],
])('a product with %i units says %s', (available, stock, level) => {
  const { products } = catalogueView({ ...source, products: [aProduct({ available })] });
  expect(products).toMatchObject([{ stock, level, price: '$99.99' }]);
});

test.each([
  ['', 2, '2 products.', 'Things that hold'],
  ['rope', 2, '2 products match “rope”.', '2 products match “rope”'],
  ['rope', 1, '1 product matches “rope”.', '1 product matches “rope”'],
  ['rope', 0, 'Nothing matches “rope”.', 'Nothing matches “rope”'],
])('a search for "%s" with %i products says "%s", and so does its title', (text, count, result, title) => {
  const view = catalogueView({ ...source, text, products: source.products.slice(0, count) });
  expect(view).toMatchObject({ text, result, title });
});

test('however it is sorted, it is one page to search engines; a search is another', () => {
  const canonical = (changes: object) => catalogueView({ ...source, ...changes }).canonical;
  expect(canonical({ order: 'price' })).toBe('https://shop.example/');
  expect(canonical({ text: 'bell & rope' })).toBe('https://shop.example/?q=bell+%26+rope');
});

test('the chosen order stays chosen', () => {
  const { sorts } = catalogueView({ ...source, order: 'price-desc' });
  expect(sorts.filter(({ chosen }) => chosen).map(({ value }) => value)).toEqual(['price-desc']);
});

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
])('structured data of %i units in %s: %s, %s', (available, currency, price, availability) => {
  expect(view({ available, currency }).offer).toEqual({ price, currency, availability });
});
