import { expect, test } from 'vitest';
import { noBuyerDetails } from '../domain/order.ts';
import { requestHashOf } from './start-checkout.ts';

const items = [{ sku: 'cleat', qty: 1 }];

test('a buyer field without a value does not change the hash of a request', () => {
  const later = { ...noBuyerDetails, note: null };
  expect(requestHashOf(items, later, 9999)).toBe(requestHashOf(items, noBuyerDetails, 9999));
});

test.each([
  ['items', requestHashOf([{ sku: 'cleat', qty: 2 }], noBuyerDetails, 9999)],
  ['details of the buyer', requestHashOf(items, { ...noBuyerDetails, email: 'ada@example.com' }, 9999)],
  ['shown total', requestHashOf(items, noBuyerDetails, null)],
])('other %s change the hash of a request', (_what, hash) => {
  expect(hash).not.toBe(requestHashOf(items, noBuyerDetails, 9999));
});
