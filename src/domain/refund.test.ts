import { expect, test } from 'vitest';
import type { KnownPayment } from './payment.ts';
import { decideRefund } from './refund.ts';

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
