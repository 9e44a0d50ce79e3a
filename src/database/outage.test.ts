import { expect, test } from 'vitest';
import { isPassing, isPostgresAway } from './outage.ts';

const withCode = (code: string): Error => Object.assign(new Error('no'), { code });

// At least what the engine asks again for: what it retries must not become the outcome of a step of ours.
test.each([
  'ECONNREFUSED',
  'ECONNABORTED',
  'ENETUNREACH',
  'EPIPE',
  '08006',
  '53300',
  '57P01',
  '40003',
  '25P03',
])('%s means that Postgres is away', (code) => {
  expect(isPostgresAway(withCode(code))).toBe(true);
});

test.each(['40P01', '55P03', '57014', '0A000'])('%s passes by itself', (code) => {
  expect(isPassing(withCode(code))).toBe(true);
  expect(isPostgresAway(withCode(code))).toBe(false);
});

test.each(['23505', '23514', '42P01'])('%s does not', (code) => {
  expect(isPassing(withCode(code)) || isPostgresAway(withCode(code))).toBe(false);
});
