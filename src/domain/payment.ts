import type { OtherVersion } from './attention.ts';
import type { CancelReason, OrderStatus } from './order.ts';

/** The life of a payment. */
export type PaymentState = 'creating' | 'open' | 'paid' | 'settled' | 'expired' | 'refund_due' | 'refunded';

/** The outcome of a payment event. `unknown_order` and `too_early` are decided again. */
export type EventOutcome =
  | 'applied'
  | 'no_change'
  | 'ignored'
  | 'late'
  | 'mismatch'
  | 'unknown_order'
  | 'too_early';

/** A verified message of the provider, independent of its format. */
export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  /** The kind of event; `failed` ends a session because the bank did not pay, and `other` is recorded and changes nothing. */
  readonly kind: 'paid' | 'ended' | 'failed' | 'refunded' | 'disputed' | 'other';
  /** Our order, as we named it when we opened the session; null when it names none. */
  readonly orderId: number | null;
  /** The token that we gave the session of that order; without it, the order may be one of another shop. */
  readonly correlationToken: string | null;
  readonly sessionId: string | null;
  /** The amount charged, or to be charged. */
  readonly amountCents: number | null;
  /** The part of it that has been refunded so far. */
  readonly refundedCents: number | null;
  readonly currency: string | null;
  readonly transactionId: string | null;
  /** The page to which the session sends its buyer back: one of the shop that opened it. */
  readonly returnUrl: string | null;
  /** The buyer's address, as the provider knows it. */
  readonly email: string | null;
  /** Whether real money moved. */
  readonly live: boolean;
  /** The version of the provider's format that it came in; null for the one that this shop reads, and for an event that states none. */
  readonly otherVersion: OtherVersion | null;
  /** The provider's object for the record: the fields that are read, without the buyer's address. */
  readonly body: unknown;
}

/** The stored payment of the order that an event names. */
export interface KnownPayment {
  readonly state: PaymentState;
  readonly correlationToken: string;
  readonly sessionId: string | null;
  readonly transactionId: string | null;
  readonly amountCents: number;
  /** All refunds, due and made. */
  readonly refundedCents: number;
  readonly currency: string;
  readonly live: boolean;
  readonly orderStatus: OrderStatus;
}

/** The change that an event causes. */
export type EventDecision =
  | { readonly outcome: 'applied'; readonly nextState: 'settled' | 'expired' }
  /** Somebody refunded this much at the provider, without a request of ours. */
  | { readonly outcome: 'applied'; readonly externalRefundCents: number }
  | { readonly outcome: 'applied'; readonly disputed: true }
  | { readonly outcome: Exclude<EventOutcome, 'applied'> };

/**
 * Whether an event is about the payment of the order that it names: it carries the order's correlation token, or names the recorded
 * session or charge. Another shop with the same account has orders with the same numbers, and so has this one after a restore.
 */
export function isAbout(
  { correlationToken, sessionId, transactionId }: PaymentEvent,
  known: Pick<KnownPayment, 'correlationToken' | 'sessionId' | 'transactionId'>,
): boolean {
  return (
    correlationToken === known.correlationToken ||
    (sessionId !== null && sessionId === known.sessionId) ||
    (transactionId !== null && transactionId === known.transactionId)
  );
}

/**
 * Decides about an event that is about no payment we know. An event of another shop with the same account is ignored.
 * - A payment of this shop has lost its order, as after a restore from a back-up. It is listed if the order stays unknown.
 * - A dispute names its charge alone, which may become known.
 * - A full refund may be that of a payment that has lost its order. Every charge of this shop carries a correlation token.
 * @param publicUrl the shop's origin
 */
export function decideUnknown(event: PaymentEvent, publicUrl: string): EventDecision {
  const { kind, transactionId, correlationToken, refundedCents, amountCents } = event;
  const isFullRefund = kind === 'refunded' && correlationToken !== null && refundedCents === amountCents;
  const isOfUnknownCharge = transactionId !== null && (kind === 'disputed' || isFullRefund);
  const isLost = kind === 'paid' && isOfShop(event, publicUrl);
  return { outcome: isLost || isOfUnknownCharge ? 'unknown_order' : 'ignored' };
}

/**
 * Decides the change that an event causes in the payment that it is about. Events may arrive in any order and several times
 * (docs/PAYMENTS.md). A payment that is paid stays paid; an event that names another session, amount, currency or mode changes nothing.
 */
export function decideEvent(event: PaymentEvent, known: KnownPayment): EventDecision {
  switch (event.kind) {
    case 'other':
      return { outcome: 'ignored' };
    case 'paid':
      return isSameSession(event, known) && isSameCharge(event, known)
        ? decidePaid(known)
        : { outcome: 'mismatch' };
    case 'ended':
    case 'failed':
      return isSameSession(event, known) ? decideEnded(known) : { outcome: 'mismatch' };
    case 'refunded':
    case 'disputed':
      return decideAfterCharge(event, known);
  }
}

function decidePaid({ state, orderStatus }: KnownPayment): EventDecision {
  if (isWaiting(state)) return { outcome: 'applied', nextState: 'settled' };
  if (state !== 'expired') return { outcome: 'no_change' };
  // The session was given up, but the order still holds its stock: the payment wins.
  return orderStatus === 'pending' ? { outcome: 'applied', nextState: 'settled' } : { outcome: 'late' };
}

function decideEnded({ state }: KnownPayment): EventDecision {
  return isWaiting(state) ? { outcome: 'applied', nextState: 'expired' } : { outcome: 'no_change' };
}

/** Decides a refund or a dispute. It names a charge whose own event may not have arrived yet. */
function decideAfterCharge(event: PaymentEvent, known: KnownPayment): EventDecision {
  if (isUnpaid(known.state) || known.state === 'paid') {
    const namesPayment =
      known.transactionId === null
        ? event.correlationToken === known.correlationToken
        : event.transactionId === known.transactionId;
    return { outcome: namesPayment && event.live === known.live ? 'too_early' : 'mismatch' };
  }
  if (!isSameCharge(event, known)) return { outcome: 'mismatch' };
  if (event.kind === 'disputed') return { outcome: 'applied', disputed: true };
  const externalRefundCents = (event.refundedCents ?? 0) - known.refundedCents;
  return externalRefundCents > 0 ? { outcome: 'applied', externalRefundCents } : { outcome: 'no_change' };
}

/**
 * Whether an event or a listed session is about a session that this shop opened: it carries a correlation token, and its buyer returns
 * to a page of the shop. The token alone does not show it when the order is unknown.
 * @param publicUrl the shop's origin
 */
export function isOfShop(
  { correlationToken, returnUrl }: Pick<PaymentEvent, 'correlationToken' | 'returnUrl'>,
  publicUrl: string,
): boolean {
  return correlationToken !== null && (returnUrl?.startsWith(`${publicUrl}/`) ?? false);
}

/** Whether a payment is still waited for. */
export function isWaiting(state: PaymentState): boolean {
  return state === 'creating' || state === 'open';
}

/** Whether no payment is known: it is waited for, or its session has ended. It may still arrive. */
export function isUnpaid(state: PaymentState): boolean {
  return isWaiting(state) || state === 'expired';
}

function isSameSession(event: PaymentEvent, known: KnownPayment): boolean {
  // Until the session is recorded, only the correlation token identifies it.
  const namesSession =
    known.sessionId === null
      ? event.correlationToken === known.correlationToken
      : event.sessionId === known.sessionId;
  return (
    namesSession &&
    event.live === known.live &&
    event.amountCents === known.amountCents &&
    event.currency === known.currency
  );
}

function isSameCharge(event: PaymentEvent, known: KnownPayment): boolean {
  const sameTransaction =
    event.transactionId !== null &&
    (known.transactionId === null || event.transactionId === known.transactionId);
  // A dispute may concern a part of the money; every other event concerns the whole charge.
  const sameMoney =
    event.currency === known.currency &&
    (event.kind === 'disputed' || event.amountCents === known.amountCents) &&
    (event.refundedCents ?? 0) <= known.amountCents;
  return sameTransaction && sameMoney && event.live === known.live;
}

/**
 * Decides the next action of a checkout on its payment.
 * @param sessionEnded whether the provider has confirmed that nobody can pay any more
 */
export function decidePayment(
  payment: Pick<KnownPayment, 'state' | 'orderStatus'>,
  sessionEnded: boolean,
): 'settle' | 'cancel' | 'wait' | 'nothing' {
  if (payment.orderStatus !== 'pending') return 'nothing';
  if (payment.state === 'paid') return 'settle';
  return payment.state === 'expired' || sessionEnded ? 'cancel' : 'wait';
}

/**
 * The reason of a cancellation that the shopper has not asked for.
 * @param sessionEnded why the checkout ended the session; null when the provider ended it
 */
export function cancelReasonOf(
  { holdExpired }: { readonly holdExpired: boolean },
  sessionEnded: CancelReason | null = null,
): CancelReason {
  return sessionEnded ?? (holdExpired ? 'hold_expired' : 'payment_ended');
}

/** Whether an order that is paid after its cancellation is reserved again. One that its shopper cancelled or changed is refunded. */
export function isLatePaymentWanted(reason: CancelReason | null): boolean {
  return reason !== 'cancelled_by_shopper' && reason !== 'changed_by_shopper';
}

/** Whether an order can be paid now: its session is open, and its hold has not expired. */
export function isPayable(
  order: {
    readonly status: OrderStatus;
    readonly paymentState: PaymentState | null;
    readonly holdExpiresAt: Date;
  },
  now: Date,
): boolean {
  return order.status === 'pending' && order.paymentState === 'open' && order.holdExpiresAt > now;
}
