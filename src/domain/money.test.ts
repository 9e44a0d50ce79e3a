import { expect, test } from 'vitest';
import { formatMoney, majorUnits } from './money.ts';

test.each([
  [9999, 'USD', '$99.99', 99.99],
  [5, 'USD', '$0.05', 0.05],
  [1200, 'JPY', '¥1,200', 1200],
  [123_456, 'KWD', 'KWD 123.456', 123.456],
])('%i minor units of %s are %s', (cents, currency, text, major) => {
  expect(formatMoney({ cents, currency }).replace('\u00a0', ' ')).toBe(text);
  expect(majorUnits({ cents, currency })).toBe(major);
});
