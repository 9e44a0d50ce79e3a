import { describe, expect, test } from 'vitest';
import { aCatalogue, aProduct } from '../../test/support/storefront-samples.ts';
import type { ProductSearch } from '../domain/catalogue.ts';
import { catalogueView, productView } from './catalogue-view.ts';

const two = [aProduct(), aProduct({ productId: 2, sku: 'bell', product: 'Small Brass Bell' })];
const searching = (changes: Partial<ProductSearch>) => ({ search: { ...aCatalogue().search, ...changes } });

test.each([
  [100, '100 in stock', 'some'],
  [6, '6 in stock', 'some'],
  [5, 'Only 5 left', 'few'],
  [1, 'Only 1 left', 'few'],
  [0, 'Sold out', 'none'],
])('a product with %i units says %s', (available, stock, level) => {
  const { products } = catalogueView(aCatalogue({}, [aProduct({ available })]));
  expect(products).toMatchObject([{ stock, level, price: '$99.99' }]);
});

test.each([
  ['', 2, '2 products.', 'Things that hold'],
  ['rope', 2, '2 products match “rope”.', '2 products match “rope”'],
  ['rope', 1, '1 product matches “rope”.', '1 product matches “rope”'],
  ['rope', 0, 'Nothing matches “rope”.', 'Nothing matches “rope”'],
])('a search for "%s" with %i products says "%s", and so does its title', (text, count, result, title) => {
  const view = catalogueView(aCatalogue(searching({ text }), two.slice(0, count)));
  expect(view).toMatchObject({ text, result, title });
});

test.each([
  [{ inStock: true }, 2, '2 products match these filters.'],
  [{ text: 'rope', from: '5' }, 1, '1 product matches “rope” with these filters.'],
  [{ text: 'rope', category: 'Rigging' }, 0, 'Nothing matches “rope” with these filters.'],
])('the filters of %j are named', (changes, count, result) => {
  expect(catalogueView(aCatalogue(searching(changes), two.slice(0, count))).result).toBe(result);
});

describe('a catalogue of many pages', () => {
  const at = (page: number, askedPage = page) => {
    const { search, found } = aCatalogue();
    const asked = { ...search, text: 'rope', order: 'price', page: askedPage } as const;
    return catalogueView({
      ...aCatalogue(),
      search: asked,
      askedPage,
      found: { ...found, page, pages: 417, total: 10_000 },
    });
  };
  const numbers = (page: number) => at(page).pages?.numbers.map((number) => number?.name ?? '…');

  test('says how many products there are, and which ones it shows', () => {
    expect(at(2)).toMatchObject({
      result: '10,000 products match “rope”. Here are 13 to 13.',
      title: '10,000 products match “rope”. Page 2 of 417',
      pages: {
        here: 'Page 2 of 417',
        before: '/?q=rope&sort=price',
        after: '/?q=rope&sort=price&page=3',
      },
    });
  });

  test('links to the first page, the last one and those beside this one', () => {
    expect(numbers(1)).toEqual(['1', '2', '…', '417']);
    expect(numbers(3)).toEqual(['1', '2', '3', '4', '…', '417']);
    expect(numbers(200)).toEqual(['1', '…', '199', '200', '201', '…', '417']);
    expect(numbers(417)).toEqual(['1', '…', '416', '417']);
    expect(at(417).pages?.after).toBeNull();
  });

  test('says so when the address names a page beyond the last one', () => {
    expect(at(417, 418).notices).toEqual(['There are 417 pages. This is the last one.']);
    expect(at(417).notices).toEqual([]);
  });
});

test('what was not used of a search is said, and its fields are shown', () => {
  const view = catalogueView(aCatalogue({ faults: ['from_unreadable'], unknownCategory: 'Anchors' }));
  expect(view.notices).toEqual([
    '“Price from” is no price, so it was left out. Write one such as 12.50.',
    'There is no category “Anchors”. These are all of them.',
  ]);
  expect(view.showsFilters).toBe(true);
  expect(catalogueView(aCatalogue()).showsFilters).toBe(false);
});

test('a search that finds nothing leads to others that do, and to the same one without its filters', () => {
  const source = { ...searching({ text: 'shackl', from: '5' }), suggestions: ['bow shackle'] };
  expect(catalogueView(aCatalogue(source, [])).nothing).toEqual({
    hint: 'Try a shorter word, or look through everything there is.',
    suggestions: [{ name: 'bow shackle', address: '/?q=bow+shackle' }],
    categories: [{ name: 'Deck fittings (0)', address: '/?category=Deck+fittings' }],
    unfiltered: '/?q=shackl',
  });
  const { nothing } = catalogueView(aCatalogue(searching({ text: '%!' }), []));
  expect(nothing).toMatchObject({ hint: 'A search needs a letter or a digit.', unfiltered: null });
});

test('however it is sorted, it is one page to search engines; a search and a category are others', () => {
  const canonical = (changes: Partial<ProductSearch>) =>
    catalogueView(aCatalogue(searching(changes))).canonical;
  expect(canonical({ order: 'price', inStock: true })).toBe('https://shop.example/');
  expect(canonical({ text: 'bell & rope' })).toBe('https://shop.example/?q=bell+%26+rope');
  expect(canonical({ category: 'Rigging' })).toBe('https://shop.example/?category=Rigging');
});

test('search engines keep the catalogue and its categories, no searches and filters', () => {
  const isIndexed = (changes: Partial<ProductSearch>) =>
    catalogueView(aCatalogue(searching(changes))).isIndexed;
  expect([isIndexed({}), isIndexed({ category: 'Rigging' })]).toEqual([true, true]);
  expect([isIndexed({ text: 'rope' }), isIndexed({ to: '5' })]).toEqual([false, false]);
});

test('the chosen order and category stay chosen, also a category that is not offered', () => {
  const { sorts, categories } = catalogueView(
    aCatalogue(searching({ order: 'price-desc', category: 'Splicing' })),
  );
  const chosen = [...sorts, ...categories].filter((one) => one.chosen).map(({ value }) => value);
  expect(chosen).toEqual(['price-desc', 'Splicing']);
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

test('a product leads to its category', () => {
  expect(view({}).category).toEqual({ name: 'Deck fittings', address: '/?category=Deck+fittings' });
  expect(view({ category: null }).category).toBeNull();
});

test.each([
  [1, 'USD', '99.99', 'https://schema.org/InStock'],
  [0, 'USD', '99.99', 'https://schema.org/OutOfStock'],
  [1, 'JPY', '9999', 'https://schema.org/InStock'],
])('structured data of %i units in %s: %s, %s', (available, currency, price, availability) => {
  const offer = { '@type': 'Offer', price, priceCurrency: currency, availability };
  expect(view({ available, currency }).data).toMatchObject({
    '@graph': [{ '@type': 'Product', sku: 'cleat', offers: offer }, { '@type': 'BreadcrumbList' }],
  });
});

test('structured data has whole addresses, and a trail through the category', () => {
  const shop = 'https://shop.example';
  expect(view({}).data).toMatchObject({
    '@graph': [
      { url: `${shop}/products/cleat`, image: `${shop}/assets/products/cleat.svg` },
      {
        itemListElement: [
          { position: 1, name: 'All products', item: `${shop}/` },
          { position: 2, name: 'Deck fittings', item: `${shop}/?category=Deck+fittings` },
          { position: 3, name: 'Premium Quality Widget', item: `${shop}/products/cleat` },
        ],
      },
    ],
  });
});

test.each([
  ['/pictures/cleat.jpg', 'https://shop.example/pictures/cleat.jpg'],
  ['/assets/products/cleat.svg', null],
  ['http://[/x.png', null],
])('a service that shows a link gets the picture %s as %s', (image, picture) => {
  expect(view({ image }).sharedPicture).toBe(picture);
});
