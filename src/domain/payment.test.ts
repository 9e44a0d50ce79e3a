import { describe, expect, test } from 'vitest';
import {
  decideEvent,
  decidePayment,
  decideUnknown,
  isAbout,
  type KnownPayment,
  type PaymentEvent,
} from './payment.ts';

const event: PaymentEvent = {
  id: 'evt_1',
  type: 'checkout.session.completed',
  kind: 'paid',
  orderId: 7,
  correlationToken: 'ours',
  sessionId: 'cs_1',
  amountCents: 9999,
  refundedCents: null,
  currency: 'USD',
  transactionId: 'pi_1',
  returnUrl: null,
  email: null,
  live: false,
  otherVersion: null,
  body: {},
};
const open: KnownPayment = {
  state: 'open',
  correlationToken: 'ours',
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
    expect(decideEvent(event, open)).toEqual({ outcome: 'applied', nextState: 'settled' });
    const unrecorded: KnownPayment = { ...open, state: 'creating', sessionId: null };
    expect(decideEvent(event, unrecorded)).toEqual({ outcome: 'applied', nextState: 'settled' });
  });

  test.each(['paid', 'settled', 'refund_due', 'refunded'] as const)(
    'changes nothing once it is %s',
    (state) => {
      expect(decideEvent(event, { ...open, state })).toEqual({ outcome: 'no_change' });
    },
  );

  test('wins over an ended session while the order still holds its stock', () => {
    expect(decideEvent(event, { ...open, state: 'expired' })).toEqual({
      outcome: 'applied',
      nextState: 'settled',
    });
  });

  test('is late when the order was cancelled already', () => {
    const cancelled: KnownPayment = { ...open, state: 'expired', orderStatus: 'cancelled' };
    expect(decideEvent(event, cancelled)).toEqual({ outcome: 'late' });
  });

  test.each([
    ['session', { sessionId: 'cs_2' }],
    ['amount', { amountCents: 1 }],
    ['currency', { currency: 'EUR' }],
    ['transaction', { transactionId: null }],
    ['mode', { live: true }],
  ])('with another %s changes nothing', (_what, other) => {
    expect(decideEvent({ ...event, ...other }, open)).toEqual({ outcome: 'mismatch' });
  });
});

describe.each(['ended', 'failed'] as const)('an event of the kind %s', (kind) => {
  const ended: PaymentEvent = { ...event, kind, transactionId: null };

  test('ends a payment that waits', () => {
    expect(decideEvent(ended, open)).toEqual({ outcome: 'applied', nextState: 'expired' });
  });

  test.each(['paid', 'settled', 'expired', 'refunded'] as const)('changes nothing once it is %s', (state) => {
    expect(decideEvent(ended, { ...open, state })).toEqual({ outcome: 'no_change' });
  });
});

test('a second charge for a paid order is a mismatch, and the first charge repeated changes nothing', () => {
  const settled: KnownPayment = { ...open, state: 'settled', orderStatus: 'paid', transactionId: 'pi_1' };
  expect(decideEvent(event, settled)).toEqual({ outcome: 'no_change' });
  expect(decideEvent({ ...event, transactionId: 'pi_2' }, settled)).toEqual({ outcome: 'mismatch' });
});

describe('a refund or a dispute', () => {
  const refunded: PaymentEvent = { ...event, kind: 'refunded', sessionId: null, refundedCents: 9999 };
  const disputed: PaymentEvent = { ...event, kind: 'disputed', sessionId: null, amountCents: 500 };
  const settled: KnownPayment = { ...open, state: 'settled', orderStatus: 'paid', transactionId: 'pi_1' };

  test.each(['creating', 'open', 'paid', 'expired'] as const)('waits while the payment is %s', (state) => {
    for (const one of [refunded, disputed]) {
      expect(decideEvent(one, { ...open, state })).toEqual({ outcome: 'too_early' });
    }
  });

  test('made at the provider counts without the part that we made', () => {
    const known = { ...settled, refundedCents: 1000 };
    expect(decideEvent(refunded, known)).toEqual({ outcome: 'applied', externalRefundCents: 8999 });
    expect(decideEvent({ ...refunded, refundedCents: 1000 }, known)).toEqual({ outcome: 'no_change' });
  });

  test.each([
    ['charge', { transactionId: 'pi_2' }],
    ['currency', { currency: 'EUR' }],
    ['mode', { live: true }],
  ])('of another %s changes nothing', (_what, other) => {
    for (const one of [refunded, disputed]) {
      expect(decideEvent({ ...one, ...other }, settled)).toEqual({ outcome: 'mismatch' });
    }
  });

  test('above what was charged changes nothing', () => {
    expect(decideEvent({ ...refunded, refundedCents: 10_000 }, settled)).toEqual({ outcome: 'mismatch' });
  });

  test('a dispute about a part of the charge is one', () => {
    expect(decideEvent(disputed, settled)).toEqual({ outcome: 'applied', disputed: true });
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
    expect(decidePayment({ state, orderStatus }, ended)).toBe(does);
  });
});

test('a dispute, which carries no correlation token, waits when its charge is known', () => {
  const disputed: PaymentEvent = { ...event, kind: 'disputed', correlationToken: null, sessionId: null };
  const paid: KnownPayment = { ...open, state: 'paid', transactionId: 'pi_1' };
  expect(decideEvent(disputed, paid)).toEqual({ outcome: 'too_early' });
  expect(decideEvent({ ...disputed, transactionId: 'pi_2' }, paid)).toEqual({ outcome: 'mismatch' });
});

test('until the session is recorded, an event without our correlation token belongs to another shop', () => {
  const unrecorded: KnownPayment = { ...open, state: 'expired', orderStatus: 'cancelled', sessionId: null };
  expect(decideEvent(event, unrecorded)).toEqual({ outcome: 'late' });
  for (const correlationToken of ['theirs', null]) {
    expect(decideEvent({ ...event, correlationToken }, unrecorded)).toEqual({ outcome: 'mismatch' });
    const refunded: PaymentEvent = { ...event, kind: 'refunded', correlationToken, refundedCents: 1 };
    expect(decideEvent(refunded, unrecorded)).toEqual({ outcome: 'mismatch' });
  }
});

test('an event of another kind is ignored', () => {
  expect(decideEvent({ ...event, kind: 'other' }, open)).toEqual({ outcome: 'ignored' });
});

describe('an event is about a payment', () => {
  const nothing = { ...event, correlationToken: null, sessionId: null, transactionId: null };
  const known = { correlationToken: 'ours', sessionId: 'cs_1', transactionId: 'pi_1' };

  test.each([{ correlationToken: 'ours' }, { sessionId: 'cs_1' }, { transactionId: 'pi_1' }])(
    'of which it names %j',
    (named) => {
      expect(isAbout({ ...nothing, ...named }, known)).toBe(true);
    },
  );

  test.each([{}, { correlationToken: 'theirs' }, { sessionId: 'cs_2' }, { transactionId: 'pi_2' }])(
    'and not when it names only its number and %j',
    (named) => {
      expect(isAbout({ ...nothing, ...named }, known)).toBe(false);
      expect(isAbout({ ...nothing, ...named }, { ...known, sessionId: null, transactionId: null })).toBe(
        false,
      );
    },
  );
});

describe('an event about no payment that we know', () => {
  const publicUrl = 'https://shop.example';
  const returnUrl = `${publicUrl}/orders/token`;
  const lost: PaymentEvent = { ...event, returnUrl };
  const charge: PaymentEvent = { ...event, sessionId: null, returnUrl: null };
  const disputed: PaymentEvent = { ...charge, kind: 'disputed', orderId: null, correlationToken: null };
  const refunded: PaymentEvent = { ...charge, kind: 'refunded', refundedCents: charge.amountCents };

  test.each([
    ['a payment of this shop', lost],
    ['a dispute of a charge', disputed],
    ['a full refund with a correlation token', refunded],
  ])('is deferred: %s', (_what, one) => {
    expect(decideUnknown(one, publicUrl)).toEqual({ outcome: 'unknown_order' });
  });

  test.each<[string, PaymentEvent]>([
    ['a payment without a correlation token', { ...lost, correlationToken: null }],
    ['a payment of another shop', { ...lost, returnUrl: 'https://shop.example.evil/orders/token' }],
    ['a payment that names no page', { ...lost, returnUrl: null }],
    ['the end of a session', { ...lost, kind: 'ended' }],
    ['a dispute without a charge', { ...disputed, transactionId: null }],
    ['a refund without a correlation token', { ...refunded, correlationToken: null }],
    ['a refund of a part', { ...refunded, refundedCents: 1 }],
    ['something else', { ...lost, kind: 'other' }],
  ])('is ignored: %s', (_what, one) => {
    expect(decideUnknown(one, publicUrl)).toEqual({ outcome: 'ignored' });
  });
});
