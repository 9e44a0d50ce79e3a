import { expect, test } from 'vitest';
import {
  aCatalogue,
  aLayout,
  aLine,
  anOrder,
  aProduct,
  aShop,
  now,
  orderDetails,
} from '../../test/support/storefront-samples.ts';
import { catalogueView, productView } from './catalogue-view.ts';
import { orderView } from './order-view.ts';
import { createRenderer } from './render.ts';

const renderer = createRenderer({ assetAddress: (file) => file, shop: aShop() });
const render = (view: string, model: object) => renderer.render(view, { layout: aLayout(), ...model });
const hostile = '<script>alert("x")</script>';

const publicUrl = 'https://shop.example';
const cataloguePage = (source = aCatalogue(), layout = aLayout()) =>
  render('catalogue', { catalogue: catalogueView(source), layout });
const productPage = (product = aProduct()) =>
  render('product', { product: productView(product, [product], publicUrl) });

const orderPage = (order = anOrder(), line = aLine()) =>
  render('order', {
    order: orderView(orderDetails({ order, lines: [line] }), now),
    kept: [],
    returned: false,
    notice: null,
    again: '/orders/token',
  });

test('what comes from data is escaped on every page', async () => {
  const texts = { product: hostile, description: hostile, sku: hostile, image: hostile, category: hostile };
  const product = aProduct(texts);
  const { search } = aCatalogue();
  const asked = {
    search: { ...search, text: hostile, category: hostile },
    suggestions: [hostile],
    unknownCategory: hostile,
  };
  const pages = await Promise.all([
    ...[[product], []].map((products) => cataloguePage(aCatalogue(asked, products))),
    productPage(product),
    orderPage(anOrder(), aLine({ product: hostile, image: hostile })),
    render('error', { error: { title: hostile, message: hostile, onward: hostile } }),
  ]);
  for (const page of pages) expect(page).not.toContain(hostile);
});

test('a name that the model lacks is an error instead of a gap', async () => {
  await expect(render('error', { error: {} })).rejects.toThrow('title');
});

test('no page carries inline script or style, which the content security policy would refuse', async () => {
  const pages = await Promise.all([cataloguePage(), productPage(), orderPage()]);
  for (const page of pages) {
    expect(page).not.toMatch(
      /<style|\sstyle=|\son\w+=|<script(?! (type="module"|defer) src=| type="application\/ld\+json">)/,
    );
  }
});

test('a form that adds to the cart works without script: it carries its product and how many', async () => {
  for (const page of [await cataloguePage(), await productPage()]) {
    const [form = ''] = /<form [^>]*action="\/cart\/lines".*?<\/form>/s.exec(page) ?? [];
    expect(form).toContain('method="post"');
    expect(form).toContain('name="sku" value="cleat"');
    expect(form).toMatch(/name="qty" value="1"/);
  }
});

test('what is sold out says so, and cannot be added', async () => {
  const soldOut = aProduct({ available: 0 });
  for (const page of [await cataloguePage(aCatalogue({}, [soldOut])), await productPage(soldOut)]) {
    expect(page).toMatch(/<button [^>]*disabled>Sold out/);
    expect(page).not.toContain('Add to cart');
  }
});

test('a card that is shown again has the key of its own page', async () => {
  const keys = ['first"key', 'second-key'];
  const pages = await Promise.all(
    keys.map((formKey) => cataloguePage(aCatalogue(), { ...aLayout(), formKey })),
  );
  expect(pages[0]).toContain('name="key" value="first&#34;key"');
  expect(pages[1]).toContain('name="key" value="second-key"');
  for (const page of pages) expect(page).not.toContain('\u0000');
});

test('Restock and Crash show only where they are allowed', async () => {
  const demonstration = { open: true, publicOrders: true, outbox: true, paymentServiceUrl: null };
  expect(await cataloguePage()).not.toContain('/crash_application');
  const closed = aLayout({ ...demonstration, open: false });
  expect(await cataloguePage(aCatalogue(), closed)).not.toContain('/crash_application');
  expect(await cataloguePage(aCatalogue(), aLayout(demonstration))).toContain('/crash_application');
});

test('an order that is not final refreshes itself without script, and a final one does not', async () => {
  expect(await orderPage()).toContain('http-equiv="refresh"');
  const final = await orderPage(anOrder({ status: 'dispatched', paidAt: now, dispatchedAt: now }));
  expect(final).not.toContain('http-equiv="refresh"');
  expect(final).toContain('data-final');
});

test('a time in a sentence is an element that scripts can show in local time', async () => {
  const page = await render('parts/order-live', { order: orderView(orderDetails(), now) });
  expect(page).toContain('Held for you until <time datetime="2026-11-21T14:32:00.000Z">14:32 UTC</time>.');
});
