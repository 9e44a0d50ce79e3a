import { env } from 'node:process';
import { expect, test } from 'vitest';
import type { Extra, Order } from '../../test/model/actions.ts';
import { search } from '../../test/model/search.ts';

// A breadth-first search over a model of the shop: shoppers, provider, operator and checkouts do what they can in any order, processes die
// between a call and its record, events are late, doubled and lost, and the real rules make every decision. The
// promises hold in each state, and from each state work alone reaches the end. SEARCH_STATES sets the size of the long search.

const given = env['SEARCH_STATES'];
const statesOfFive = Number(given ?? 30_000);
const statesOfOne = given === undefined ? 1_500 : Infinity;

test('five orders for three units: whatever happens in whatever order, the goods go out for the money, or all of it goes back', () => {
  const begun = performance.now();
  const found = search({ orders: 5, units: 3, extras: ['lost checkouts'], statesMax: statesOfFive });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  if (given !== undefined) console.log(`${found.states} states, ${found.edges} edges, ${seconds} s`);
  expect(found.violation).toBe(null);
  expect(found.states).toBe(statesOfFive);
  const wanted = ends['paid late, and reserved again'];
  expect([isSoldOut, isLateWithoutUnits, wanted].map((occurs) => found.orders.some(occurs!))).toEqual([
    true,
    true,
    true,
  ]);
});

const isSoldOut = ({ shop }: Order): boolean => shop.reason === 'out_of_stock';
const isLateWithoutUnits = ({ shop }: Order): boolean =>
  shop.reason !== 'cancelled_by_shopper' && shop.refunds.some(({ by }) => by === 'late');
const isEnd = ({ shop }: Order): boolean => shop.status === 'dispatched' || shop.status === 'refunded';
const isLate = ({ shop }: Order): boolean => Object.values(shop.inbox).includes('late');

/** Ends that must occur in the worlds of one order, or they would prove nothing about them. */
const ends: Readonly<Record<string, (order: Order) => boolean>> = {
  'paid in time': (order) =>
    order.shop.status === 'dispatched' && !isLate(order) && order.shop.refundedCents === 0,
  'paid late, and reserved again': (order) => order.shop.status === 'dispatched' && isLate(order),
  'paid late, and paid back': (order) =>
    order.shop.status === 'refunded' && isLate(order) && !order.isShipped,
  'hold expired': ({ shop }) => shop.status === 'cancelled' && shop.reason === 'hold_expired',
  'cancelled by the shopper': ({ shop }) =>
    shop.status === 'cancelled' && shop.reason === 'cancelled_by_shopper',
  'never payable': ({ shop }) => shop.status === 'cancelled' && shop.reason === 'payment_unavailable',
  'ended by the provider': ({ shop }) => shop.status === 'cancelled' && shop.reason === 'payment_ended',
  'a part paid back': ({ shop }) => shop.status === 'dispatched' && shop.refundedCents > 0,
  'paid back by an operator': (order) =>
    isEnd(order) && order.shop.refunds.some(({ by }) => by === 'operator'),
  'refunded at the provider': (order) =>
    order.shop.status === 'refunded' && order.shop.refunds.every(({ by }) => by === 'external'),
  'paid back before it went out': (order) =>
    order.shop.status === 'refunded' && !isLate(order) && !order.isShipped,
  'paid back after it went out': ({ shop, isShipped }) => shop.status === 'refunded' && isShipped,
  'units back after it went out': ({ shop, isShipped }) => shop.returned > 0 && isShipped,
  'a refund found by asking': ({ shop }) =>
    Object.entries(shop.inbox).some(([name, outcome]) => name.startsWith('asked') && outcome === 'applied'),
  'a payment found by comparing': ({ shop }) => shop.inbox['listed'] === 'applied',
  'a refund event before its payment': ({ shop }) => Object.values(shop.inbox).includes('too_early'),
  disputed: ({ shop }) => shop.disputed,
};

const worlds: readonly (readonly Extra[])[] = [
  ['lost checkouts', 'bank transfers'],
  ['slow webhooks'],
  ['disputes'],
  ['external refunds'],
  ['refunds of parts'],
];

test('one order with everything that can happen to it: the same holds', () => {
  const missing = new Set(Object.keys(ends));
  for (const extras of worlds) {
    const found = search({ orders: 1, units: 1, extras, statesMax: statesOfOne });
    if (given !== undefined)
      console.log(`${extras.join(', ')}: ${found.states} states, ${found.edges} edges`);
    expect(found.violation).toBe(null);
    expect(found.isComplete, extras.join(', ')).toBe(given !== undefined);
    for (const end of missing) if (found.orders.some(ends[end]!)) missing.delete(end);
  }
  expect([...missing]).toEqual([]);
});
