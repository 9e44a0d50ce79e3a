import { expect, test } from 'vitest';
import { currencyRules } from '../stripe-simulator/currencies.ts';
import { currencies, isChargeable, minorUnitsOf } from './currencies.ts';

test('the shop and the provider’s simulator count every currency alike, each by a table of its own', () => {
  const ofSimulator = Object.entries(currencyRules).map(([code, { decimals: digits, smallest: step }]) => {
    return [code.toUpperCase(), { digits, step }] as const;
  });
  expect(Object.fromEntries(currencies)).toEqual(Object.fromEntries(ofSimulator));
});

test('the provider has 15 currencies without digits, 5 with three, and 2 that are whole although they have two', () => {
  const ofUnits = (digits: number, step: number) => {
    return [...currencies].filter(([, units]) => units.digits === digits && units.step === step).length;
  };
  expect([ofUnits(0, 1), ofUnits(3, 10), ofUnits(2, 100), ofUnits(2, 1)]).toEqual([15, 5, 2, 118]);
});

test.each([
  [1, 'USD', true],
  [1, 'usd', true],
  [1, 'JPY', true],
  [1_299_050, 'HUF', true],
  [1, 'TWD', true],
  [1230, 'KWD', true],
  [1234, 'KWD', false],
  [500, 'ISK', true],
  [550, 'ISK', false],
  [100, 'UGX', true],
  [5, 'UGX', false],
  [0, 'KWD', true],
  [100, 'XYZ', false],
  [100, 'CUP', false],
  [100, '', false],
])('a price of %i minor units of "%s" can be charged: %s', (cents, currency, chargeable) => {
  expect(isChargeable(cents, currency)).toBe(chargeable);
});

test('an unknown currency has two digits', () => {
  expect(minorUnitsOf('XYZ')).toEqual({ digits: 2, step: 1 });
});
