import { describe, expect, test } from 'vitest';
import { conclude, judge, type KnownPayment, type PaymentEvent } from './payment.ts';

const event: PaymentEvent = {
  id: 'evt_1',
  type: 'checkout.session.completed',
  says: 'paid',
  orderId: 7,
  orderKey: 'ours',
  sessionId: 'cs_1',
  amountCents: 9999,
  refundedCents: null,
  currency: 'USD',
  transactionId: 'pi_1',
  live: false,
  body: {},
};
const open: KnownPayment = {
  state: 'open',
  orderKey: 'ours',
  sessionId: 'cs_1',
  transactionId: null,
  amountCents: 9999,
  refundedCents: 0,
  currency: 'USD',
  live: false,
  orderStatus: 'pending',
};

describe('a paid event', () => {
  test('pays an open payment, also before our own record of the session', () => {
    expect(judge(event, open)).toEqual({ outcome: 'applied', nextState: 'settled' });
    const unrecorded: KnownPayment = { ...open, state: 'creating', sessionId: null };
    expect(judge(event, unrecorded)).toEqual({ outcome: 'applied', nextState: 'settled' });
  });

  test.each(['paid', 'settled', 'refund_due', 'refunded'] as const)(
    'changes nothing once it is %s',
    (state) => {
      expect(judge(event, { ...open, state })).toEqual({ outcome: 'no_change' });
    },
  );

  test('wins over an ended session while the order still holds its stock', () => {
    expect(judge(event, { ...open, state: 'expired' })).toEqual({ outcome: 'applied', nextState: 'settled' });
  });

  test('is late when the order was cancelled already', () => {
    const cancelled: KnownPayment = { ...open, state: 'expired', orderStatus: 'cancelled' };
    expect(judge(event, cancelled)).toEqual({ outcome: 'late' });
  });

  test.each([
    ['session', { sessionId: 'cs_2' }],
    ['amount', { amountCents: 1 }],
    ['currency', { currency: 'EUR' }],
    ['transaction', { transactionId: null }],
    ['mode', { live: true }],
  ])('with another %s changes nothing', (_what, other) => {
    expect(judge({ ...event, ...other }, open)).toEqual({ outcome: 'mismatch' });
  });
});

describe('an ended event', () => {
  const ended: PaymentEvent = { ...event, says: 'ended', transactionId: null };

  test('ends a payment that waits', () => {
    expect(judge(ended, open)).toEqual({ outcome: 'applied', nextState: 'expired' });
  });

  test.each(['paid', 'settled', 'expired', 'refunded'] as const)('changes nothing once it is %s', (state) => {
    expect(judge(ended, { ...open, state })).toEqual({ outcome: 'no_change' });
  });
});

test('a second charge for a paid order is a mismatch, the first one told again is not', () => {
  const settled: KnownPayment = { ...open, state: 'settled', orderStatus: 'paid', transactionId: 'pi_1' };
  expect(judge(event, settled)).toEqual({ outcome: 'no_change' });
  expect(judge({ ...event, transactionId: 'pi_2' }, settled)).toEqual({ outcome: 'mismatch' });
});

describe('a refund or a dispute', () => {
  const refunded: PaymentEvent = { ...event, says: 'refunded', sessionId: null, refundedCents: 9999 };
  const disputed: PaymentEvent = { ...event, says: 'disputed', sessionId: null, amountCents: 500 };
  const settled: KnownPayment = { ...open, state: 'settled', orderStatus: 'paid', transactionId: 'pi_1' };

  test.each(['creating', 'open', 'paid', 'expired'] as const)('waits while the payment is %s', (state) => {
    for (const one of [refunded, disputed]) {
      expect(judge(one, { ...open, state })).toEqual({ outcome: 'too_early' });
    }
  });

  test('made elsewhere counts with what we did not make', () => {
    const known = { ...settled, refundedCents: 1000 };
    expect(judge(refunded, known)).toEqual({ outcome: 'applied', refundedElsewhereCents: 8999 });
    expect(judge({ ...refunded, refundedCents: 1000 }, known)).toEqual({ outcome: 'no_change' });
  });

  test.each([
    ['charge', { transactionId: 'pi_2' }],
    ['currency', { currency: 'EUR' }],
    ['mode', { live: true }],
  ])('of another %s changes nothing', (_what, other) => {
    for (const one of [refunded, disputed]) {
      expect(judge({ ...one, ...other }, settled)).toEqual({ outcome: 'mismatch' });
    }
  });

  test('above what was charged changes nothing', () => {
    expect(judge({ ...refunded, refundedCents: 10_000 }, settled)).toEqual({ outcome: 'mismatch' });
  });

  test('a dispute about a part of the charge is one', () => {
    expect(judge(disputed, settled)).toEqual({ outcome: 'applied', disputed: true });
  });
});

describe('a checkout', () => {
  test.each([
    ['creating', 'pending', false, 'wait'],
    ['open', 'pending', false, 'wait'],
    ['open', 'pending', true, 'cancel'],
    ['expired', 'pending', false, 'cancel'],
    ['paid', 'pending', true, 'settle'],
    ['settled', 'paid', true, 'nothing'],
    ['expired', 'cancelled', false, 'nothing'],
  ] as const)('with a payment %s of an order %s, ended: %s: %s', (state, orderStatus, ended, does) => {
    expect(conclude({ state, orderStatus }, ended)).toBe(does);
  });
});

test('a dispute, which carries no mark, waits when its charge is known', () => {
  const disputed: PaymentEvent = { ...event, says: 'disputed', orderKey: null, sessionId: null };
  const paid: KnownPayment = { ...open, state: 'paid', transactionId: 'pi_1' };
  expect(judge(disputed, paid)).toEqual({ outcome: 'too_early' });
  expect(judge({ ...disputed, transactionId: 'pi_2' }, paid)).toEqual({ outcome: 'mismatch' });
});

test('before our own record of the session, one that does not carry our mark is of another shop', () => {
  const unrecorded: KnownPayment = { ...open, state: 'expired', orderStatus: 'cancelled', sessionId: null };
  expect(judge(event, unrecorded)).toEqual({ outcome: 'late' });
  for (const orderKey of ['theirs', null]) {
    expect(judge({ ...event, orderKey }, unrecorded)).toEqual({ outcome: 'mismatch' });
    const refunded: PaymentEvent = { ...event, says: 'refunded', orderKey, refundedCents: 1 };
    expect(judge(refunded, unrecorded)).toEqual({ outcome: 'mismatch' });
  }
});

test('an event about an unknown order is kept as such, and one that says nothing of a session is ignored', () => {
  expect(judge(event, undefined)).toEqual({ outcome: 'unknown_order' });
  expect(judge({ ...event, says: 'other' }, open)).toEqual({ outcome: 'ignored' });
});
