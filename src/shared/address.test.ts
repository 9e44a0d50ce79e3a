import { describe, expect, test } from 'vitest';
import { readAddress, readSubject, withoutAddresses } from './address.ts';

describe('the address that a program is about', () => {
  test.each([
    [' Ada@Example.COM ', ['ada@example.com', 'Ada@example.com']],
    ["o'neil@example.com", ["o'neil@example.com"]],
    ['ada+shop@example.com', ['ada+shop@example.com']],
    ['jörg@Bücher.example', ['jörg@bücher.example', 'jörg@xn--bcher-kva.example']],
    ['ΝΙΚΟΣ@example.com', ['νικος@example.com', 'ΝΙΚΟΣ@example.com']],
    ['ada@xn--bcher-kva.example', ['ada@xn--bcher-kva.example', 'ada@bücher.example']],
  ])('%s', (typed, forms) => {
    expect(readAddress(typed)).toEqual(forms);
  });

  test.each([undefined, '', 'ada', '@example.com', 'ada@', 'ada@a@b.example', 'ada lovelace@example.com'])(
    '%s is none, and the message does not repeat it',
    (typed) => {
      expect(() => readAddress(typed)).toThrow(/^Name the person by one e-mail address/);
    },
  );
});

test('a program is about an address, or about an order by its number', () => {
  expect(readSubject('ada@example.com')).toEqual({ address: ['ada@example.com'] });
  expect(readSubject('1234@example.com')).toEqual({ address: ['1234@example.com'] });
  expect([' 1234 ', '#1234'].map(readSubject)).toEqual([{ orderId: 1234 }, { orderId: 1234 }]);
  for (const typed of [undefined, '', '12.5', '-1', '1 2'])
    expect(() => readSubject(typed)).toThrow(/^Name the person/);
});

test.each([
  ['550 <ada@example.com>: no such user', '550 <…>: no such user'],
  ['Invalid email address: jörg+shop@bücher.example', 'Invalid email address: …'],
  [
    'Error\n    at /srv/node_modules/@dbos-inc/dbos-sdk/index.js:7',
    'Error\n    at /srv/node_modules/@dbos-inc/dbos-sdk/index.js:7',
  ],
])('%j is logged as %j', (text, logged) => {
  expect(withoutAddresses(text)).toBe(logged);
});
