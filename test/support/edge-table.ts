/** How far an order has come when something happens to its payment. */
export const circumstances = ['hold open', 'expiring', 'cancelled', 'paid', 'dispatched'] as const;

/** Events of its payment. */
export const happenings = ['paid', 'declined', 'expired', 'cancelled', 'refunded', 'dispute'] as const;

export type Circumstance = (typeof circumstances)[number];
export type Happening = (typeof happenings)[number];

/** The result of one event. docs/PAYMENTS.md has the same table, and the tests of the edges go through it. */
export interface Edge {
  /** The outcome of the event on arrival; null where the shopper acts instead of the provider. */
  readonly outcome: 'applied' | 'no_change' | 'ignored' | 'late' | 'too_early' | 'unknown_order' | null;
  readonly status: 'pending' | 'paid' | 'dispatched' | 'cancelled' | 'refunded';
  readonly state: 'open' | 'settled' | 'expired' | 'refunded';
  /** The wording in docs/PAYMENTS.md. */
  readonly result: string;
}

type Column = Readonly<Record<Happening, Edge>>;

const holdOpen: Column = {
  paid: { outcome: 'applied', status: 'paid', state: 'settled', result: 'the order is paid' },
  declined: { outcome: 'ignored', status: 'pending', state: 'open', result: 'another card may be tried' },
  expired: { outcome: 'applied', status: 'cancelled', state: 'expired', result: 'cancelled, units released' },
  cancelled: {
    outcome: null,
    status: 'cancelled',
    state: 'expired',
    result: 'the session is ended, then cancelled, units released',
  },
  refunded: {
    outcome: 'too_early',
    status: 'refunded',
    state: 'refunded',
    result: 'refunded as soon as the payment is known',
  },
  dispute: {
    outcome: 'unknown_order',
    status: 'paid',
    state: 'settled',
    result: 'listed as soon as the payment is known',
  },
};

const expiring: Column = {
  paid: { outcome: 'applied', status: 'paid', state: 'settled', result: 'the order is paid' },
  declined: { outcome: 'ignored', status: 'pending', state: 'open', result: 'the hold stays, we ask again' },
  expired: { outcome: 'applied', status: 'cancelled', state: 'expired', result: 'cancelled, units released' },
  cancelled: {
    outcome: null,
    status: 'cancelled',
    state: 'expired',
    result: 'the hold stays until the provider confirms the end, then cancelled',
  },
  refunded: {
    outcome: 'too_early',
    status: 'refunded',
    state: 'refunded',
    result: 'refunded as soon as the payment is known',
  },
  dispute: {
    outcome: 'unknown_order',
    status: 'paid',
    state: 'settled',
    result: 'listed as soon as the payment is known',
  },
};

const unchanged = (status: 'cancelled' | 'paid' | 'dispatched') => {
  const state = status === 'cancelled' ? 'expired' : 'settled';
  return (outcome: Edge['outcome'], result: string): Edge => ({ outcome, status, state, result });
};

const cancelledStays = unchanged('cancelled');
const cancelled: Column = {
  paid: {
    outcome: 'late',
    status: 'paid',
    state: 'settled',
    result: 'reserved again and paid; without units, erased, or given up by the shopper, paid back',
  },
  declined: cancelledStays('ignored', 'stays cancelled'),
  expired: cancelledStays('no_change', 'stays cancelled'),
  cancelled: cancelledStays(null, 'stays cancelled'),
  refunded: {
    outcome: 'too_early',
    status: 'refunded',
    state: 'refunded',
    result: 'refunded as soon as the late payment is known',
  },
  dispute: {
    outcome: 'unknown_order',
    status: 'paid',
    state: 'settled',
    result: 'listed as soon as the late payment is known',
  },
};

const paidStays = unchanged('paid');
const paid: Column = {
  paid: paidStays('no_change', 'stays paid, charged once'),
  declined: paidStays('ignored', 'stays paid'),
  expired: paidStays('no_change', 'stays paid'),
  cancelled: paidStays(null, 'stays paid; the operator may refund it'),
  refunded: {
    outcome: 'applied',
    status: 'refunded',
    state: 'refunded',
    result: 'refunded, units back in stock, never dispatched',
  },
  dispute: paidStays('applied', 'listed; stays paid and is dispatched'),
};

const dispatchedStays = unchanged('dispatched');
const dispatched: Column = {
  paid: dispatchedStays('no_change', 'stays dispatched, charged once'),
  declined: dispatchedStays('ignored', 'stays dispatched'),
  expired: dispatchedStays('no_change', 'stays dispatched'),
  cancelled: dispatchedStays(null, 'stays dispatched; the operator may refund it'),
  refunded: {
    outcome: 'applied',
    status: 'refunded',
    state: 'refunded',
    result: 'refunded; the units stay with the buyer',
  },
  dispute: dispatchedStays('applied', 'listed; stays dispatched'),
};

export const edges: Readonly<Record<Circumstance, Column>> = {
  'hold open': holdOpen,
  expiring,
  cancelled,
  paid,
  dispatched,
};
