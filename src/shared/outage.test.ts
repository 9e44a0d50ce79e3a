import { expect, test } from 'vitest';
import { isPostgresAway, isTransient } from './outage.ts';

const withCode = (code: string, more: object = {}): Error =>
  Object.assign(new Error('no'), { code, ...more });

// At least the codes that the engine retries: an error that it retries must not become the outcome of a step.
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

test.each([
  ['a pool that has no free connection', Object.assign(new Error('no'), { name: 'KnexTimeoutError' })],
  ['a connection that ended', new Error('Connection terminated unexpectedly')],
  ['a missing Unix socket', withCode('ENOENT', { syscall: 'connect' })],
  ['an outage as the cause', new Error('failed', { cause: withCode('ECONNRESET') })],
  ['one address of several', new AggregateError([withCode('EACCES'), withCode('ECONNREFUSED')])],
])('%s means that Postgres is away', (_what, error) => {
  expect(isPostgresAway(error)).toBe(true);
});

test.each(['40P01', '55P03', '57014', '0A000'])('%s is transient, not an outage', (code) => {
  expect(isTransient(withCode(code))).toBe(true);
  expect(isPostgresAway(withCode(code))).toBe(false);
});

test.each(['23505', '23514', '42P01', 'ENOENT'])('%s is neither', (code) => {
  expect(isTransient(withCode(code)) || isPostgresAway(withCode(code))).toBe(false);
});
