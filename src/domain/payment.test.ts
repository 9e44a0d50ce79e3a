import { describe, expect, test } from 'vitest';
import { judge, type KnownPayment, type PaymentEvent } from './payment.ts';

const event: PaymentEvent = {
  id: 'evt_1',
  type: 'checkout.session.completed',
  says: 'paid',
  orderId: 7,
  sessionId: 'cs_1',
  amountCents: 9999,
  currency: 'USD',
  transactionId: 'pi_1',
  body: {},
};
const open: KnownPayment = {
  state: 'open',
  sessionId: 'cs_1',
  amountCents: 9999,
  currency: 'USD',
  orderStatus: 'pending',
};

describe('a paid event', () => {
  test('pays an open payment, also before our own record of the session', () => {
    expect(judge(event, open)).toEqual({ outcome: 'applied', nextState: 'paid' });
    expect(judge(event, { ...open, state: 'creating', sessionId: null }).nextState).toBe('paid');
  });

  test.each(['paid', 'settled', 'refund_due', 'refunded'] as const)(
    'changes nothing once it is %s',
    (state) => {
      expect(judge(event, { ...open, state })).toEqual({ outcome: 'no_change' });
    },
  );

  test('wins over an ended session while the order still holds its stock', () => {
    expect(judge(event, { ...open, state: 'expired' })).toEqual({ outcome: 'applied', nextState: 'paid' });
  });

  test('is owed back when the order was cancelled already', () => {
    const cancelled: KnownPayment = { ...open, state: 'expired', orderStatus: 'cancelled' };
    expect(judge(event, cancelled)).toEqual({ outcome: 'late', nextState: 'refund_due' });
  });

  test.each([
    ['session', { sessionId: 'cs_2' }],
    ['amount', { amountCents: 1 }],
    ['currency', { currency: 'EUR' }],
    ['transaction', { transactionId: null }],
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

test('an event about an unknown order is kept as such, and one that says nothing of a session is ignored', () => {
  expect(judge(event, undefined)).toEqual({ outcome: 'unknown_order' });
  expect(judge({ ...event, says: 'other' }, open)).toEqual({ outcome: 'ignored' });
});
