import { expect, test } from 'vitest';
import { readSearch, type TypedSearch } from './catalogue.ts';

const read = (typed: Partial<TypedSearch>) =>
  readSearch({ q: '', category: '', stock: '', from: '', to: '', sort: '', page: '', ...typed });

test.each([
  ['  bell  ', 'bell'],
  ['be\u0000ll', 'bell'],
  ['bow\tshackle\n', 'bow shackle'],
  ['bell \ud83d', 'bell'],
  [' \u0000 ', ''],
  ['\u202ebell', '\u202ebell'],
])('of the search %j stays %j', (q, text) => {
  expect(read({ q })).toMatchObject({ search: { text }, faults: [] });
});

test('a search that is too long is cut between two characters, and that is a fault', () => {
  const { search, faults } = read({ q: `${'x'.repeat(99)}🔔🔔` });
  expect([search.text, faults]).toEqual([`${'x'.repeat(99)}🔔`, ['text_cut']]);
  expect(read({ q: '🔔'.repeat(100) }).faults).toEqual([]);
});

test.each([
  ['10', '10'],
  [' 12.5 ', '12.5'],
  ['12,50', '12.50'],
  ['$10', '10'],
  ['10 €', '10'],
  ['0', '0'],
  ['1.234', '1.234'],
])('the price %j is %s', (from, price) => {
  expect(read({ from })).toMatchObject({ search: { from: price }, faults: [] });
});

test.each(['abc', '-1', '1,000', '1e3', '1.2345', '1234567890', '10 20', 'NaN', '٣'])(
  'the price %j is left out, and that is a fault',
  (typed) => {
    expect(read({ from: typed, to: typed })).toMatchObject({
      search: { from: null, to: null },
      faults: ['from_unreadable', 'to_unreadable'],
    });
  },
);

test('prices in the wrong order are put in order, as numbers and not as texts', () => {
  expect(read({ from: '100', to: '9' })).toMatchObject({
    search: { from: '9', to: '100' },
    faults: ['prices_swapped'],
  });
  expect(read({ from: '9', to: '100' }).faults).toEqual([]);
});

test.each([
  ['2', 2],
  ['0', 1],
  ['-1', 1],
  ['1.5', 1],
  ['', 1],
  ['two', 1],
  ['0x10', 1],
  ['9'.repeat(400), 2_000_000],
])('the page %j is %i', (page, number) => {
  expect(read({ page }).search.page).toBe(number);
});

test.each([
  ['', '', 'featured'],
  ['rope', '', 'relevance'],
  ['rope', 'featured', 'relevance'],
  ['', 'relevance', 'featured'],
  ['rope', 'price', 'price'],
  ['', 'PRICE', 'featured'],
  ['', 'constructor', 'featured'],
])('a search for "%s" by "%s" is sorted by %s', (q, sort, order) => {
  expect(read({ q, sort }).search.order).toBe(order);
});
