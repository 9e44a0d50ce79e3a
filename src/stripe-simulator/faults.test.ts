import { expect, test } from 'vitest';
import { chooseFault, type FaultRates, isAnyEnabled } from './faults.ts';

function choices(seed: string, rates: FaultRates, count = 1_000): (string | undefined)[] {
  return Array.from({ length: count }, (_, order) =>
    chooseFault('api', rates, { seed, kind: 'POST /v1/refunds', reference: String(order), before: 0 }),
  );
}

test('a rate of 1 always hits, a rate of 0 never does, and the other group is not affected', () => {
  expect(new Set(choices('1', { api_lost: 1 }))).toEqual(new Set(['api_lost']));
  expect(new Set(choices('1', { api_lost: 0, webhook_drop: 1 }))).toEqual(new Set([undefined]));
  expect([isAnyEnabled('api', { webhook_drop: 1 }), isAnyEnabled('webhook', { webhook_drop: 1 })]).toEqual([
    false,
    true,
  ]);
});

test('hits approach the rates when several faults are enabled', () => {
  const hits = choices('1', { api_slow: 0.25, api_garbage: 0.5 });
  const rate = (fault: string | undefined) => hits.filter((choice) => choice === fault).length / hits.length;
  expect(rate('api_slow')).toBeCloseTo(0.25, 1);
  expect(rate('api_garbage')).toBeCloseTo(0.5, 1);
  expect(rate(undefined)).toBeCloseTo(0.25, 1);
});

test('the choice depends only on the seed and on the number of earlier occurrences', () => {
  const rates = { api_slow: 0.5 };
  expect(choices('1', rates)).toEqual(choices('1', rates));
  expect(choices('1', rates)).not.toEqual(choices('2', rates));
  const again = Array.from({ length: 20 }, (_, before) =>
    chooseFault('api', rates, { seed: '1', kind: 'POST /v1/refunds', reference: '7', before }),
  );
  expect(new Set(again)).toEqual(new Set(['api_slow', undefined]));
});
