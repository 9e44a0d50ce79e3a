import { minorUnitsOf } from '../shared/currencies.ts';
import type { OrderStatus } from './order.ts';
import type { KnownPayment } from './payment.ts';

/** The amount and the units that an operator asks to take back. */
export interface RefundTerms {
  /** In minor units; undefined is all that is left. */
  readonly amountCents: number | undefined;
  /** Whether the units go back into stock; undefined is yes as long as they were not dispatched. */
  readonly restock: boolean | undefined;
}

/** The reasons of refunds, by code. With `operator`, the refund has the operator's note. */
export type RefundReason = 'operator' | 'late_payment' | 'external_refund';

/** A refund that an operator asks for; under one request key there is one. */
export interface RefundRequest extends RefundTerms {
  readonly orderId: number;
  readonly reason: string;
  readonly actor: string;
  readonly requestKey: string;
}

/** Why a refund was not promised. Amounts in minor units. */
export interface RefusedRefund {
  readonly refused: RefundRefusal | 'unknown_order' | 'key_reused';
  /** How much of the payment may still be paid back. */
  readonly refundableCents: number;
  /** The provider pays back multiples of it. */
  readonly stepCents: number;
}

/** A refund that may be promised. `full`: with it, the whole payment is refunded. */
export interface AllowedRefund {
  readonly amountCents: number;
  readonly full: boolean;
  readonly restock: boolean;
}

export type RefundRefusal =
  | 'not_refundable'
  | 'refund_too_large'
  | 'refund_indivisible'
  | 'restock_needs_full_refund';

/**
 * Decides on a refund. Only a settled payment can be refunded, up to the amount that no earlier refund covers, and a part of it only
 * by an amount that the provider takes.
 * An order that will still be dispatched keeps its units, so they return to stock only with a full refund.
 */
export function decideRefund(terms: RefundTerms, payment: KnownPayment): AllowedRefund | RefundRefusal {
  if (payment.state !== 'settled') return 'not_refundable';
  const left = leftToRefund(payment);
  const amountCents = terms.amountCents ?? left;
  if (amountCents > left) return 'refund_too_large';
  const full = amountCents === left;
  if (!full && amountCents % minorUnitsOf(payment.currency).step !== 0) return 'refund_indivisible';
  const restock = terms.restock ?? isRestockedByDefault(payment.orderStatus, full);
  if (restock && !full && payment.orderStatus !== 'dispatched') return 'restock_needs_full_refund';
  return { amountCents, full, restock };
}

/** The part of a payment that may still be refunded, in minor units: nothing unless it is settled. */
export function leftToRefund(payment: Pick<KnownPayment, 'state' | 'amountCents' | 'refundedCents'>): number {
  return payment.state === 'settled' ? payment.amountCents - payment.refundedCents : 0;
}

/** A full refund returns the units to stock, unless they were dispatched. */
export function isRestockedByDefault(status: OrderStatus, full: boolean): boolean {
  return full && status === 'paid';
}
