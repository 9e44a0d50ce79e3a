import { expect, test } from 'vitest';
import { aFrame, aLine, anOrder, aProduct, now, placed } from '../../test/support/storefront-samples.ts';
import { errorView } from './error-view.ts';
import { orderView } from './order-view.ts';
import { createRenderer } from './render.ts';
import { shopView } from './shop-view.ts';

const renderer = createRenderer({ cache: false, assetAddress: (file) => file });
const render = (view: string, model: object) => renderer.render(view, { frame: aFrame(), ...model });
const hostile = '<script>alert("x")</script>';

const shop = (changes: Partial<Parameters<typeof shopView>[0]> = {}) =>
  shopView(
    {
      products: [aProduct()],
      orders: [],
      refusal: null,
      newKey: () => 'key-1',
      ...changes,
    },
    now,
  );

const orderPage = (order = anOrder(), line = aLine()) =>
  render('order', { order: orderView(order, [line], [placed], now) });

test('what comes from data is escaped on every page', async () => {
  const product = aProduct({ product: hostile, description: hostile, sku: hostile, image: hostile });
  const pages = await Promise.all([
    render('shop', {
      shop: shop({ products: [product], refusal: { message: hostile, sku: hostile, key: null } }),
    }),
    render('order', {
      order: orderView(anOrder(), [aLine({ product: hostile, image: hostile })], [placed], now),
    }),
    render('error', { error: errorView({ status: 400, code: 'x', title: hostile, detail: hostile }) }),
  ]);
  for (const page of pages) expect(page).not.toContain(hostile);
});

test('a name that the model lacks is an error instead of a gap', async () => {
  await expect(render('error', { error: {} })).rejects.toThrow('title');
});

test('no page carries inline script or style, which the content security policy would refuse', async () => {
  const pages = await Promise.all([render('shop', { shop: shop() }), orderPage()]);
  for (const page of pages) {
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?! type="module" src=)/);
  }
});

test('a Buy form works without script: it carries its key, its product and the price that is shown', async () => {
  const page = await render('shop', { shop: shop() });
  expect(page).toContain('name="key" value="key-1"');
  expect(page).toContain('name="sku" value="cleat"');
  expect(page).toContain('name="amount" value="9999"');
});

test('Restock and Crash show only where they are allowed', async () => {
  const demonstration = { open: true, outbox: true, paymentServiceUrl: null };
  const pageIn = (frame = aFrame()) => render('shop', { shop: shop(), frame });
  expect(await pageIn()).not.toContain('/crash_application');
  expect(await pageIn(aFrame({ ...demonstration, open: false }))).not.toContain('/crash_application');
  expect(await pageIn(aFrame(demonstration))).toContain('/crash_application');
});

test('an order that is not final refreshes itself without script, and a final one does not', async () => {
  expect(await orderPage()).toContain('http-equiv="refresh"');
  const final = await orderPage(anOrder({ status: 'dispatched', paid_at: now, dispatched_at: now }));
  expect(final).not.toContain('http-equiv="refresh"');
  expect(final).toContain('data-final');
});

test('a time in a sentence is an element that scripts can show in local time', async () => {
  const page = await render('parts/order-live', { order: orderView(anOrder(), [aLine()], [placed], now) });
  expect(page).toContain('Held for you until <time datetime="2026-11-21T14:32:00.000Z">14:32 UTC</time>.');
});
