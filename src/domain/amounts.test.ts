import { describe, expect, test } from 'vitest';
import { randomOf } from '../../test/support/random.ts';
import { currencies } from '../shared/currencies.ts';
import { amountsOf, type PricedLine, type Pricing, refundOfUnits } from './amounts.ts';

const codes = [...currencies.keys()];

function anyOrder(random: (below: number) => number): {
  lines: PricedLine[];
  pricing: Pricing;
  step: number;
} {
  const currency = codes[random(codes.length)] ?? 'USD';
  const { step } = currencies.get(currency) ?? { step: 1 };
  const price = (below: number) => random(Math.ceil(below / step)) * step;
  const taxClass = () => ['standard', 'reduced', 'none'][random(3)] ?? '';
  const lines = Array.from({ length: 1 + random(6) }, () => ({
    qty: 1 + random(random(2) === 0 ? 3 : 200),
    unitPriceCents: price(random(2) === 0 ? 300 : 80_000),
    taxClass: taxClass(),
  }));
  const code = { code: 'X' };
  const discounts = [
    null,
    { ...code, percent: 1 + random(100), amountCents: null },
    { ...code, percent: null, amountCents: step + price(50_000) },
  ];
  const rates = { standard: random(300_000), reduced: random(100_000) };
  const zone = { country: 'US', region: '', name: 'Tax', included: random(2) === 0, rates };
  return {
    lines,
    step,
    pricing: {
      currency,
      delivery: { cents: price(2000), taxClass: taxClass() },
      discount: discounts[random(3)] ?? null,
      zone: random(3) === 0 ? null : zone,
    },
  };
}

test('the parts of any order add up to its total, and refunds of its units to what was paid for them', () => {
  const random = randomOf(20261127);
  for (let turn = 0; turn < 4_000; turn += 1) {
    const { lines, pricing, step } = anyOrder(random);
    const amounts = amountsOf(lines, pricing);
    const order = JSON.stringify({ lines, pricing, amounts });
    const addedTax = amounts.taxIncluded ? 0 : amounts.taxCents;
    expect(amounts.subtotalCents - amounts.discountCents + amounts.deliveryCents + addedTax, order).toBe(
      amounts.totalCents,
    );
    let [discount, taxes] = [0, amounts.deliveryTaxCents];
    for (const [index, line] of lines.entries()) {
      const { discountCents, taxCents } = amounts.lines[index] ?? { discountCents: -1, taxCents: -1 };
      const value = line.qty * line.unitPriceCents;
      expect(discountCents, order).toBeGreaterThanOrEqual(0);
      expect(discountCents, order).toBeLessThanOrEqual(value);
      expect([discountCents % step, taxCents % step], order).toEqual([0, 0]);
      discount += discountCents;
      taxes += taxCents;
      const paid = value - discountCents + (amounts.taxIncluded ? 0 : taxCents);
      let [before, back] = [0, 0];
      while (before < line.qty) {
        const now = 1 + random(line.qty - before);
        back += refundOfUnits(paid, { before, now, all: line.qty }, pricing.currency);
        before += now;
      }
      expect(back, order).toBe(paid);
    }
    expect([discount, taxes], order).toEqual([amounts.discountCents, amounts.taxCents]);
  }
});

describe('a line', () => {
  const zone = { country: 'DE', region: '', name: 'VAT', included: true, rates: { standard: 190_000 } };
  const delivery = { cents: 0, taxClass: 'standard' };

  test('is rounded half up', () => {
    const line = { qty: 1, unitPriceCents: 50, taxClass: 'standard' };
    const added = { ...zone, included: false, rates: { standard: 10_000 } };
    const { taxCents } = amountsOf([line], { currency: 'USD', delivery, discount: null, zone: added });
    expect(taxCents).toBe(1);
  });

  test('keeps the cents of a tax that it contains', () => {
    const line = { qty: 1, unitPriceCents: 11_900, taxClass: 'standard' };
    const { taxCents, totalCents } = amountsOf([line], { currency: 'EUR', delivery, discount: null, zone });
    expect([taxCents, totalCents]).toEqual([1900, 11_900]);
  });

  test.each([
    ['JPY', 1100, 110, 1],
    ['ISK', 110_000, 11_000, 100],
    ['KWD', 11_050, 1110, 10],
  ])('in %s has amounts that the provider takes', (currency, unitPriceCents, expected, step) => {
    const discount = { code: 'X', percent: 10, amountCents: null };
    const line = { qty: 1, unitPriceCents, taxClass: 'standard' };
    const { discountCents } = amountsOf([line], { currency, delivery, discount, zone: null });
    expect([discountCents, discountCents % step]).toEqual([expected, 0]);
  });
});
