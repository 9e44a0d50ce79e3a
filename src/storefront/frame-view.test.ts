import { expect, test } from 'vitest';
import { frameView } from './frame-view.ts';

const frame = { units: 0, here: '/', formKey: 'form-key', demonstration: null };
const demonstration = { open: true, outbox: false, paymentServiceUrl: null };

test.each([
  [{ ...demonstration, open: false, outbox: true }, ['/recent-orders']],
  [demonstration, ['/recent-orders', '/operator']],
  [{ ...demonstration, outbox: true }, ['/recent-orders', '/operator', '/outbox']],
  [
    { ...demonstration, paymentServiceUrl: 'http://pay.example' },
    ['/recent-orders', '/operator', 'http://pay.example/control'],
  ],
])('a demonstration with %j leads to %j', (offers, addresses) => {
  const ways = frameView({ ...frame, demonstration: offers }).demonstration?.ways;
  expect(ways?.map(({ address }) => address)).toEqual(addresses);
});

test('a shop that is no demonstration leads operators nowhere', () => {
  expect(frameView(frame).demonstration).toBeNull();
});

test.each([
  [0, '', 'Cart, empty'],
  [1, '1', 'Cart, 1 unit'],
  [12, '12', 'Cart, 12 units'],
  [null, '', 'Cart'],
])('%s units in the cart show as "%s" and are read as "%s"', (units, text, label) => {
  expect(frameView({ ...frame, units }).cart).toEqual({ text, label });
});
