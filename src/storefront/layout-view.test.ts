import { expect, test } from 'vitest';
import { aLayout, aShop } from '../../test/support/storefront-samples.ts';
import { errorView, layoutView } from './layout-view.ts';
import { createRenderer } from './render.ts';
import { errorWords } from './words.ts';

const layout = { units: 0, here: '/', formKey: 'form-key', demonstration: null };
const demonstration = { open: true, publicOrders: true, outbox: false, paymentServiceUrl: null };

test.each([
  [{ ...demonstration, open: false, outbox: true }, ['/recent-orders']],
  [demonstration, ['/recent-orders', '/operator']],
  [{ ...demonstration, publicOrders: false }, ['/operator']],
  [{ ...demonstration, publicOrders: false, open: false }, undefined],
  [{ ...demonstration, outbox: true }, ['/recent-orders', '/operator', '/outbox']],
  [
    { ...demonstration, paymentServiceUrl: 'http://pay.example' },
    ['/recent-orders', '/operator', 'http://pay.example/control'],
  ],
])('a demonstration with %j leads to %j', (offers, addresses) => {
  const links = layoutView({ ...layout, demonstration: offers }).demonstration?.links;
  expect(links?.map(({ address }) => address)).toEqual(addresses);
});

test('a shop that is no demonstration leads operators nowhere', () => {
  expect(layoutView(layout).demonstration).toBeNull();
});

test.each([
  [0, '', 'Cart, empty'],
  [1, '1', 'Cart, 1 unit'],
  [12, '12', 'Cart, 12 units'],
  [null, '', 'Cart'],
])('%s units in the cart show as "%s" and are read as "%s"', (units, text, label) => {
  expect(layoutView({ ...layout, units }).cart).toEqual({ text, label });
});

const renderer = createRenderer({ assetAddress: (file) => file, shop: aShop() });
const codes = Object.keys(errorWords) as (keyof typeof errorWords)[];

test.each(codes)('the page of %s has its own words and nothing of the problem’s', async (code) => {
  const problem = { code, title: 'a title for programs', detail: 'qty: expected number to be >=1' };
  const page = await renderer.render('error', { layout: aLayout(), error: errorView(problem) });
  const { title, message } = errorWords[code];
  expect(page).toContain(`<h1>${title}</h1>`);
  expect(page).toContain(message);
  for (const internal of [problem.title, problem.detail, code]) expect(page).not.toContain(internal);
});

test('no two pages have the same heading', () => {
  expect(new Set(codes.map((code) => errorWords[code].title)).size).toBe(codes.length);
});
