import { expect, test } from 'vitest';
import { Watch } from './liveness.ts';

function watch(...seconds: number[]): boolean {
  const watching = new Watch();
  for (const second of seconds) watching.beat(second * 1000);
  return watching.isSteady();
}

test('a process without a gap for seven seconds is steady', () => {
  expect(watch(100, 101, 102, 103, 104, 105, 106, 107)).toBe(false);
  expect(watch(100, 101, 102, 103, 104, 105, 106, 107, 108)).toBe(true);
});

test('after a gap, or when the clock was set, it is steady only seven seconds later', () => {
  const steady = [100, 101, 102, 103, 104, 105, 106, 107, 108];
  expect(watch(...steady, 112)).toBe(false);
  expect(watch(...steady, 112, 113, 114, 115, 116, 117, 118, 119)).toBe(false);
  expect(watch(...steady, 112, 113, 114, 115, 116, 117, 118, 119, 120)).toBe(true);
  expect(watch(...steady, 50)).toBe(false);
});

test('the first heartbeat is not steady', () => {
  expect(watch(1_000_000)).toBe(false);
});
