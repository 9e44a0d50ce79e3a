import { expect, test } from 'vitest';
import { aProduct, aSummary, now } from '../../test/support/storefront-samples.ts';
import { ShopError } from '../domain/errors.ts';
import { refusalOf } from './refusal.ts';
import { shopView } from './shop-view.ts';

const source = {
  products: [aProduct(), aProduct({ product_id: 2, sku: 'bell', product: 'Small Brass Bell', available: 3 })],
  orders: [],
  refusal: null,
  newKey: () => 'fresh',
};

test.each([
  [100, '100 in stock', 'some'],
  [5, '5 left', 'few'],
  [1, '1 left', 'few'],
  [0, 'Sold out', 'none'],
])('a product with %i units says %s', (available, stock, level) => {
  const { products } = shopView({ ...source, products: [aProduct({ available })] }, now);
  expect(products).toMatchObject([{ stock, level }]);
});

test('recent orders carry nothing personal and no address', () => {
  const text = JSON.stringify(shopView({ ...source, orders: [aSummary()] }, now).orders);
  for (const secret of ['someone@example.com', 'token', '"key']) expect(text).not.toContain(secret);
});

test('only paid and dispatched orders draw a rope', () => {
  const paid = { status: 'paid', paid_at: now, dispatch_due_at: new Date(now.getTime() + 10_000) } as const;
  const orders = [
    aSummary(),
    aSummary(paid),
    aSummary({ ...paid, status: 'dispatched', dispatched_at: now }),
    aSummary({ status: 'cancelled', reason: 'hold_expired', cancelled_at: now }),
  ];
  const shown = shopView({ ...source, orders }, now).orders.map(({ progress }) => progress?.text);
  expect(shown).toEqual([undefined, '0 of 10', '10 of 10', undefined]);
});

test('a refusal stands beside its product only, and takes a fresh key', () => {
  const error = new ShopError('out_of_stock', 'no', { lines: [{ sku: 'bell', wanted: 4, available: 3 }] });
  const refusal = refusalOf(error, { sku: 'bell', key: 'used' }, source.products);
  expect(refusal?.message).toMatch(/^Small Brass Bell: 4 wanted, 3 left\./);
  expect(shopView({ ...source, refusal }, now).products).toMatchObject([
    { refusal: null, key: 'fresh' },
    { refusal: refusal?.message, key: 'fresh' },
  ]);
});

test('an order that may still come into being keeps its key', () => {
  const refusal = refusalOf(new ShopError('timeout', 'no'), { sku: 'bell', key: 'used' }, source.products);
  expect(shopView({ ...source, refusal }, now).products).toMatchObject([{ key: 'fresh' }, { key: 'used' }]);
});

test('trouble that is not about this Buy has a page of its own', () => {
  const error = new ShopError('unavailable', 'The database is away.');
  expect(refusalOf(error, { sku: 'bell', key: 'used' }, source.products)).toBeNull();
});
