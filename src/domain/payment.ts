import type { OrderStatus } from './order.ts';

/** The life of a payment (DESIGN §6). */
export type PaymentState = 'creating' | 'open' | 'paid' | 'settled' | 'expired' | 'refund_due' | 'refunded';

/** What became of a payment event. */
export type EventOutcome = 'applied' | 'no_change' | 'ignored' | 'late' | 'mismatch' | 'unknown_order';

/** A verified message of the provider, in our words. */
export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  /** What it says happened to the session; `other` is kept and changes nothing. */
  readonly says: 'paid' | 'ended' | 'other';
  /** Our order, as we named it when we opened the session; null when it names none. */
  readonly orderId: number | null;
  readonly sessionId: string | null;
  readonly amountCents: number | null;
  readonly currency: string | null;
  readonly transactionId: string | null;
  /** The provider's object as it came, for the record. */
  readonly body: unknown;
}

/** What our own rows say about the order that an event names. */
export interface KnownPayment {
  readonly state: PaymentState;
  readonly sessionId: string | null;
  readonly amountCents: number;
  readonly currency: string;
  readonly orderStatus: OrderStatus;
}

/** What to do about an event: how it is remembered, and the state that the payment takes if it changes. */
export interface Verdict {
  readonly outcome: EventOutcome;
  readonly nextState?: PaymentState;
}

/**
 * Decides what an event changes, whatever the order in which events come, and however often (DESIGN §7).
 * A payment that is paid stays paid; an event that names another session, amount or currency changes nothing.
 */
export function judge(event: PaymentEvent, known: KnownPayment | undefined): Verdict {
  if (event.says === 'other') return { outcome: 'ignored' };
  if (!known) return { outcome: 'unknown_order' };
  if (!belongs(event, known)) return { outcome: 'mismatch' };
  const waiting = known.state === 'creating' || known.state === 'open';
  if (event.says === 'ended')
    return waiting ? { outcome: 'applied', nextState: 'expired' } : { outcome: 'no_change' };
  if (waiting) return { outcome: 'applied', nextState: 'paid' };
  if (known.state !== 'expired') return { outcome: 'no_change' };
  // The session was given up, but the order still holds its stock: the payment wins.
  if (known.orderStatus === 'pending') return { outcome: 'applied', nextState: 'paid' };
  return { outcome: 'late', nextState: 'refund_due' };
}

function belongs(event: PaymentEvent, known: KnownPayment): boolean {
  const sameSession = known.sessionId === null || event.sessionId === known.sessionId;
  const sameMoney = event.amountCents === known.amountCents && event.currency === known.currency;
  return sameSession && sameMoney && (event.says !== 'paid' || event.transactionId !== null);
}
