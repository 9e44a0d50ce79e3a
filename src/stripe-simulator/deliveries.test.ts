import { expect, test } from 'vitest';
import { backoffSeconds } from './deliveries.ts';

test('pauses double from 0.2 s and end at 5 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1_000_000].map(backoffSeconds)).toEqual([0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]);
});
