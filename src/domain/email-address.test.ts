import { describe, expect, test } from 'vitest';
import { asciiAddressOf, readEmailAddress } from './email-address.ts';

test.each([
  ['ada@example.com', 'ada@example.com'],
  ["Ada.O'Brien+shop@Example.COM", "Ada.O'Brien+shop@example.com"],
  ['ada!#$%&*/=?^_`{|}~-@example.com', 'ada!#$%&*/=?^_`{|}~-@example.com'],
  ['jörg@example.com', 'jörg@example.com'],
  ['info@bücher.example', 'info@bücher.example'],
  ['info@BÜCHER.example', 'info@bücher.example'],
  ['info@xn--bcher-kva.example', 'info@bücher.example'],
  ['用户@例え。jp', '用户@例え.jp'],
  ['用户@例え．jp', '用户@例え.jp'],
  ['用户@例え｡jp', '用户@例え.jp'],
  ['ada@テスト・例え.jp', 'ada@テスト・例え.jp'],
  ['núria@paral·lel.cat', 'núria@paral·lel.cat'],
  ['ada@straße.example', 'ada@straße.example'],
  ['علي@مثال.إختبار', 'علي@مثال.إختبار'],
  ['почта@пример.рф', 'почта@пример.рф'],
  ['अजय@डाटा.भारत', 'अजय@डाटा.भारत'],
  // The same letters, composed and decomposed.
  ['jo\u0308rg@example.com', 'jörg@example.com'],
])('the address %s is read as %s', (typed, address) => {
  expect(readEmailAddress(typed)).toBe(address);
  expect(readEmailAddress(address), 'again').toBe(address);
});

describe('no address is read from', () => {
  test.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@example',
    'ada@example.c',
    'ada@127.0.0.1',
    'ada@[127.0.0.1]',
    'ada@example.com.',
    'ada@-example.com',
    'ada@exa_mple.com',
    'ada@exam ple.com',
    'ada@·.com.',
    'ada＠example.com',
    'ada@example.com/x',
    'ada@example.com?x',
    'ada@example%2ecom',
    'ada@exam\u00adple.com',
    'ada@xn--a.com',
    '.ada@example.com',
    'ada.@example.com',
    'a..da@example.com',
    'ada @example.com',
    'ada\u0000@example.com',
    'ada\u202e@example.com',
    '"ada"@example.com',
    'ada@evil.example@example.com',
    'ada@example.com\r\nBcc: eve@evil.example',
    'ada@example.com, eve@evil.example',
    'Ada <ada@example.com>',
    `${'a'.repeat(65)}@example.com`,
    // 33 letters of two bytes each.
    `${'ö'.repeat(33)}@example.com`,
    `ada@${'a.'.repeat(130)}com`,
    `ada@${'a'.repeat(64)}.com`,
  ])('%j', (typed) => {
    expect(readEmailAddress(typed)).toBeNull();
  });
});

test('for services that know ASCII alone the domain is encoded, and an address in another script has no form', () => {
  expect(asciiAddressOf('ada@example.com')).toBe('ada@example.com');
  expect(asciiAddressOf('info@bücher.example')).toBe('info@xn--bcher-kva.example');
  expect(asciiAddressOf('jörg@bücher.example')).toBeNull();
});
