import { expect, test } from 'vitest';
import { chooseMood, isAnyOn, type Shares } from './moods.ts';

function choices(seed: string, shares: Shares, count = 1_000): (string | undefined)[] {
  return Array.from({ length: count }, (_, order) =>
    chooseMood('api', shares, { seed, what: 'POST /v1/refunds', reference: String(order), before: 0 }),
  );
}

test('a share of 1 strikes always, of 0 never, and the other group is left alone', () => {
  expect(new Set(choices('1', { api_lost: 1 }))).toEqual(new Set(['api_lost']));
  expect(new Set(choices('1', { api_lost: 0, webhook_drop: 1 }))).toEqual(new Set([undefined]));
  expect([isAnyOn('api', { webhook_drop: 1 }), isAnyOn('webhook', { webhook_drop: 1 })]).toEqual([
    false,
    true,
  ]);
});

test('shares are kept on the whole, and several moods share the calls', () => {
  const struck = choices('1', { api_slow: 0.25, api_garbage: 0.5 });
  const share = (mood: string | undefined) =>
    struck.filter((choice) => choice === mood).length / struck.length;
  expect(share('api_slow')).toBeCloseTo(0.25, 1);
  expect(share('api_garbage')).toBeCloseTo(0.5, 1);
  expect(share(undefined)).toBeCloseTo(0.25, 1);
});

test('the choice depends on the seed and on how often the same was asked before, and on nothing else', () => {
  const shares = { api_slow: 0.5 };
  expect(choices('1', shares)).toEqual(choices('1', shares));
  expect(choices('1', shares)).not.toEqual(choices('2', shares));
  const again = Array.from({ length: 20 }, (_, before) =>
    chooseMood('api', shares, { seed: '1', what: 'POST /v1/refunds', reference: '7', before }),
  );
  expect(new Set(again)).toEqual(new Set(['api_slow', undefined]));
});
