import { expect, test } from 'vitest';
import type { KnownPayment } from './payment.ts';
import { decideRefund, lowerToLeft, priceRefund, type RefundableOrder } from './refund.ts';

const paid: KnownPayment = {
  state: 'settled',
  correlationToken: 'ours',
  sessionId: 'cs_1',
  transactionId: 'pi_1',
  amountCents: 1000,
  refundedCents: 300,
  currency: 'USD',
  live: false,
  orderStatus: 'paid',
};
const dispatched: KnownPayment = { ...paid, orderStatus: 'dispatched' };
const ask = { amountCents: undefined, restock: undefined };

test.each([
  ['all that is left', ask, paid, { amountCents: 700, full: true, restock: true }],
  ['a part', { ...ask, amountCents: 1 }, paid, { amountCents: 1, full: false, restock: false }],
  ['all, after dispatch', ask, dispatched, { amountCents: 700, full: true, restock: false }],
  ['with restocking', { ...ask, restock: true }, dispatched, { amountCents: 700, full: true, restock: true }],
  ['without', { ...ask, restock: false }, paid, { amountCents: 700, full: true, restock: false }],
  ['nothing', { ...ask, amountCents: 0 }, paid, 'refund_too_large'],
  [
    'units that cost nothing',
    { ...ask, amountCents: 0, lines: [{ sku: 'bell', qty: 1 }] },
    paid,
    { amountCents: 0, full: false, restock: true },
  ],
  ['one cent too much', { ...ask, amountCents: 701 }, paid, 'refund_too_large'],
  ['units with an amount', { amountCents: 1, restock: true }, paid, 'restock_needs_full_refund'],
  ['the same, after dispatch', { amountCents: 1, restock: true }, dispatched, 'restock_needs_full_refund'],
  [
    'a part in steps',
    { ...ask, amountCents: 10 },
    { ...paid, currency: 'KWD' },
    { amountCents: 10, full: false, restock: false },
  ],
  ['a part between steps', { ...ask, amountCents: 15 }, { ...paid, currency: 'KWD' }, 'refund_indivisible'],
  ['half an ISK', { ...ask, amountCents: 50 }, { ...paid, currency: 'ISK' }, 'refund_indivisible'],
  // The provider has taken the whole, so it decides.
  [
    'a rest between steps',
    { ...ask, amountCents: 695 },
    { ...paid, amountCents: 995, currency: 'KWD' },
    { amountCents: 695, full: true, restock: true },
  ],
] as const)('%s', (_what, terms, payment, decision) => {
  expect(decideRefund(terms, payment)).toEqual(decision);
});

test.each(['creating', 'open', 'paid', 'expired', 'refund_due', 'refunded'] as const)(
  'nothing of a payment that is %s',
  (state) => {
    expect(decideRefund(ask, { ...paid, state })).toBe('not_refundable');
  },
);

const order: RefundableOrder = {
  lines: [
    { sku: 'bell', quantity: 2, paidCents: 2000, taxCents: 200 },
    { sku: 'cleat', quantity: 1, paidCents: 1000, taxCents: 100 },
  ].map((line, productId) => ({ ...line, productId, shipped: 0, stopped: 0, refunded: 0 })),
  deliveryCents: 500,
  deliveryTaxCents: 50,
  deliveryRefunded: false,
};
const all = [
  { sku: 'bell', qty: 2 },
  { sku: 'cleat', qty: 1 },
];

test.each([
  ['as it is while enough is left', all, 3500, [3500, 2000, 1000, 500], [200, 100, 50]],
  ['part by part until nothing is left', all, 2600, [2600, 2000, 600, 0], [200, 60, 0]],
  ['not while it leaves units out', all.slice(0, 1), 1500, [2500, 2000, 500], [200, 50]],
])('a refund of units is lowered to the rest of the payment, %s', (_what, lines, left, cents, taxes) => {
  const priced = priceRefund(order, { lines, delivery: true }, 'USD');
  if (priced === 'too_many_units') throw new Error(priced);
  const parts = lowerToLeft(order, priced, left);
  const amounts = parts.lines.map(({ amountCents }) => amountCents);
  expect([parts.amountCents, ...amounts, parts.deliveryCents]).toEqual(cents);
  expect([...parts.lines.map(({ taxCents }) => taxCents), parts.deliveryTaxCents]).toEqual(taxes);
});
