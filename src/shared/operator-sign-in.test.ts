import { describe, expect, test } from 'vitest';
import { OperatorSignIn } from './operator-sign-in.ts';

const token = 'operator-0123456789abcdef';
const basic = (text: string) => Buffer.from(text).toString('base64');
const [address, other] = ['203.0.113.7', '203.0.113.8'];

describe('the credentials', () => {
  test.each([
    `Bearer ${token}`,
    `bearer ${token}`,
    `BEARER  ${token}`,
    `Basic ${basic(`anybody:${token}`)}`,
    `basic ${basic(`:${token}`)}`,
  ])('%s are right', (authorization) => {
    expect(new OperatorSignIn(token).check({ authorization, address })).toEqual({ outcome: 'right' });
  });

  test.each([
    '',
    token,
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Digest ${token}`,
    'Basic',
    'Basic !',
    `Basic ${basic(token)}`,
    `Basic ${basic(`${token}:`)}`,
    `Basic ${basic(`anybody:${token}x`)}`,
  ])('%j are wrong', (authorization) => {
    expect(new OperatorSignIn(token).check({ authorization, address })).toEqual({ outcome: 'wrong' });
  });
});

describe('ten failures', () => {
  const wrong = { authorization: 'Bearer wrong', address };
  const right = { authorization: `Bearer ${token}`, address };

  function afterFailures(count: number): OperatorSignIn {
    const signIn = new OperatorSignIn(token);
    for (let failure = 0; failure < count; failure += 1) {
      expect(signIn.check(wrong, failure * 1000)).toEqual({ outcome: 'wrong' });
    }
    return signIn;
  }

  test('block their address, for the right token too, until ten minutes after the first', () => {
    const signIn = afterFailures(10);
    for (const request of [wrong, right]) {
      expect(signIn.check(request, 10_000)).toEqual({ outcome: 'blocked', retryAfterSeconds: 590 });
    }
    expect(signIn.check(right, 600_000)).toEqual({ outcome: 'right' });
    expect(signIn.check(wrong, 600_000)).toEqual({ outcome: 'wrong' });
  });

  test('do not block another address, and nine do not block their own', () => {
    expect(afterFailures(10).check({ ...right, address: other }, 10_000)).toEqual({ outcome: 'right' });
    expect(afterFailures(9).check(right, 10_000)).toEqual({ outcome: 'right' });
  });

  test('are not reached by requests without credentials', () => {
    const signIn = afterFailures(9);
    for (let request = 0; request < 20; request += 1) {
      expect(signIn.check({ authorization: undefined, address }, 10_000)).toEqual({ outcome: 'none' });
    }
    expect(signIn.check(right, 10_000)).toEqual({ outcome: 'right' });
  });
});

test('the oldest of too many addresses is forgotten', () => {
  const signIn = new OperatorSignIn(token);
  for (let failure = 0; failure < 10; failure += 1) signIn.check({ authorization: 'x', address }, 0);
  expect(signIn.check({ authorization: 'x', address }, 0)).toMatchObject({ outcome: 'blocked' });
  for (let client = 0; client < 10_000; client += 1) {
    signIn.check({ authorization: 'x', address: `2001:db8:0:${client.toString(16)}::/64` }, 0);
  }
  expect(signIn.check({ authorization: 'x', address }, 0)).toEqual({ outcome: 'wrong' });
});
