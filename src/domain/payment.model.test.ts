import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Context } from '../../test/model/context.ts';
import { total } from '../../test/model/provider.ts';
import { runScenario } from '../../test/model/scenario.ts';

// A model of one order: shopper, provider, operator and checkout do what they can in any order, messages are lost, doubled
// and late, and every decision is made by the real rules. The promises hold after each step, and at the end.

const scenarios = 100_000;
const longestScenario = 20;
const timeLimitMs = 120_000;

/** Ends that must have been reached, or the model would prove nothing about them. */
const ends: Readonly<Record<string, (context: Context) => boolean>> = {
  'paid in time': ({ shop }) => shop.status === 'dispatched' && !shop.late && shop.refundedCents === 0,
  'paid late, and reserved again': ({ shop }) => shop.status === 'dispatched' && shop.late,
  'paid late, and paid back': ({ shop }) => shop.status === 'refunded' && shop.reason !== null && shop.late,
  expired: ({ shop }) => shop.status === 'cancelled' && shop.reason === 'hold_expired',
  'cancelled by the shopper': ({ shop }) =>
    shop.status === 'cancelled' && shop.reason === 'cancelled_by_shopper',
  'never payable': ({ shop }) => shop.status === 'cancelled' && shop.reason === 'payment_unavailable',
  'ended by the provider': ({ shop }) => shop.status === 'cancelled' && shop.reason === 'payment_ended',
  'a part paid back': ({ shop }) =>
    shop.status === 'dispatched' && shop.refundedCents > 0 && shop.refundedCents < total,
  'paid back by an operator': ({ shop }) =>
    shop.status === 'refunded' && shop.refunds.some(({ id }) => id.startsWith('refund_')),
  'refunded at the provider': ({ shop }) =>
    shop.status === 'refunded' && shop.refunds.every(({ id }) => id.startsWith('evt_')),
  'paid back before it went out': ({ shop, trace }) =>
    shop.status === 'refunded' && !shop.late && !trace.includes('dispatched'),
  'paid back after it went out': ({ shop, trace }) =>
    shop.status === 'refunded' && trace.includes('dispatched'),
  disputed: ({ shop }) => shop.disputed,
  'a refused refund': ({ trace }) => trace.includes('person makes up for a refused refund'),
  'a payment found by comparing': ({ shop }) => shop.outcomes.get('compared-cs_1') === 'applied',
};
const oftenEnough = 100;

test('whatever happens in whatever order, the goods go out for the money, or all of it goes back', {
  timeout: timeLimitMs,
}, () => {
  const reached = new Map(Object.keys(ends).map((end) => [end, 0]));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: longestScenario, size: 'max' }), (choices) => {
      const context = runScenario(choices);
      for (const [end, isReached] of Object.entries(ends)) {
        if (isReached(context)) reached.set(end, (reached.get(end) ?? 0) + 1);
      }
    }),
    { numRuns: scenarios },
  );
  const rare = [...reached].filter(([, times]) => times < oftenEnough);
  expect(rare).toEqual([]);
});
