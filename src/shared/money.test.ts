import { expect, test } from 'vitest';
import { currencies } from './currencies.ts';
import { formatMoney, majorUnits, parseMoney } from './money.ts';

test.each([
  [9999, 'USD', '$99.99', 99.99],
  [5, 'USD', '$0.05', 0.05],
  [1200, 'JPY', '¥1,200', 1200],
  [123_456, 'KWD', 'KWD 123.456', 123.456],
  [500, 'jpy', '¥500', 500],
  [1, 'eur', '€0.01', 0.01],
  [1_234_567, 'gbp', '£12,345.67', 12_345.67],
  // The provider's digits, where Intl has others.
  [1_299_000, 'HUF', 'HUF 12,990.00', 12_990],
  [50_000, 'ISK', 'ISK 500.00', 500],
  [50_000, 'UGX', 'UGX 500.00', 500],
  [1_050, 'COP', 'COP 10.50', 10.5],
  [1_050, 'IDR', 'IDR 10.50', 10.5],
  [1_050, 'PKR', 'PKR 10.50', 10.5],
  // A message of the provider may name any currency.
  [1_050, 'CUP', 'CUP 10.50', 10.5],
  [1_050, 'dollars', 'DOLLARS 10.50', 10.5],
])('%i minor units of %s are %s', (cents, currency, text, major) => {
  expect(formatMoney({ cents, currency }).replace('\u00a0', ' ')).toBe(text);
  expect(majorUnits({ cents, currency })).toBe(major);
});

test.each([...currencies])(
  'an amount of %s has the provider’s digits, and is read as it is written',
  (currency, { digits }) => {
    for (const cents of [0, 10, 12_300, 1_299_000, 99_999_900]) {
      const text = formatMoney({ cents, currency });
      expect(/\d(?:\.(\d+))?$/.exec(text)?.[1]?.length ?? 0).toBe(digits);
      expect(Number(text.replaceAll(/^\D*|,/g, ''))).toBe(majorUnits({ cents, currency }));
      expect(parseMoney(text, currency)).toBe(cents);
      expect(parseMoney(majorUnits({ cents, currency }).toFixed(digits), currency)).toBe(cents);
    }
  },
);

test.each([
  ['12.50', 'USD', 1250],
  ['6495', 'HUF', 649_500],
  ['HUF 6,495.00', 'HUF', 649_500],
  ['5', 'ISK', 500],
  ['12.5', 'USD', 1250],
  ['12', 'USD', 1200],
  [' 0.07 ', 'USD', 7],
  ['1.10', 'USD', 110],
  ['4.35', 'USD', 435],
  ['999999999999.99', 'USD', 99_999_999_999_999],
  ['$12.50', 'USD', 1250],
  ['$1,250.00', 'USD', 125_000],
  ['1200', 'JPY', 1200],
  ['¥1,200', 'JPY', 1200],
  ['1.234', 'KWD', 1234],
  ['KWD 1.234', 'KWD', 1234],
])('%s of %s is %i minor units', (text, currency, cents) => {
  expect(parseMoney(text, currency)).toBe(cents);
});

test.each([
  ['', 'USD'],
  ['12.505', 'USD'],
  ['12.500', 'USD'],
  ['12.5', 'JPY'],
  ['HUF 6,495', 'HUF'],
  ['12,50', 'USD'],
  ['1,250', 'USD'],
  ['$1,250', 'USD'],
  ['€12.50', 'USD'],
  ['-1', 'USD'],
  ['-$1.00', 'USD'],
  ['1e3', 'USD'],
  ['0x10', 'USD'],
  ['Infinity', 'USD'],
  ['12.', 'USD'],
  ['.5', 'USD'],
  ['1 250', 'USD'],
  ['٣', 'USD'],
  ['9999999999999.99', 'USD'],
  ['$99,999,999,999,999,999.99', 'USD'],
])('%j is not read as an amount of %s', (text, currency) => {
  expect(parseMoney(text, currency)).toBeUndefined();
});
