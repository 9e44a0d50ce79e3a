import { describe, expect, test } from 'vitest';
import { readAddress } from './address.ts';

describe('the address that a program is about', () => {
  test.each([
    [' Ada@Example.COM ', ['ada@example.com']],
    ["o'neil@example.com", ["o'neil@example.com"]],
    ['ada+shop@example.com', ['ada+shop@example.com']],
    ['jörg@Bücher.example', ['jörg@bücher.example', 'jörg@xn--bcher-kva.example']],
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
