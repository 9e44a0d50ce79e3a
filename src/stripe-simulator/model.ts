import { randomBytes } from 'node:crypto';
import type { FaultRates } from './faults.ts';

/** The version of Stripe's API that the simulator's objects and events have. */
export const apiVersion = '2026-10-28.endive';

// The rows of the database. Amounts are in the smallest unit of the currency.

/** open → complete or open → expired; both are final. */
export type SessionStatus = 'open' | 'complete' | 'expired';

/** A complete session is paid at once, or it is processing until its bank has paid or failed. */
export type SessionPayment = 'unpaid' | 'processing' | 'paid' | 'failed';

/** The bank's final answer to a payment that takes time. */
export type Settlement = 'succeeded' | 'failed';

/** Why a card was declined. */
export type Decline = 'generic_decline' | 'insufficient_funds' | 'authentication_required';

type Metadata = Readonly<Record<string, string>>;

export interface LineItem {
  readonly name: string;
  readonly description: string | null;
  readonly unitAmount: number;
  readonly quantity: number;
}

/** The recipient of the goods, as Stripe's API names the fields. */
export interface Shipping {
  readonly name: string;
  readonly phone?: string | undefined;
  readonly address: {
    readonly line1: string;
    readonly line2?: string | undefined;
    readonly city?: string | undefined;
    readonly country?: string | undefined;
    readonly postal_code?: string | undefined;
    readonly state?: string | undefined;
  };
}

/** The parameters of a new coupon. */
export interface NewCoupon {
  readonly amountOff: number;
  readonly currency: string;
  /** How many payments may use it; null for any number. */
  readonly maxRedemptions: number | null;
  readonly name: string | null;
  readonly metadata: Metadata;
}

/** An amount that is taken off the items of a session. */
export interface Coupon extends NewCoupon {
  readonly id: string;
  readonly timesRedeemed: number;
  readonly createdAt: Date;
}

/** The parameters of a new session. */
export interface NewSession {
  readonly currency: string;
  /** The items without the discount. */
  readonly amountTotal: number;
  readonly amountDiscount: number;
  /** The coupon of the discount, and its name; null without one. */
  readonly coupon: string | null;
  readonly lineItems: readonly LineItem[];
  readonly clientReferenceId: string | null;
  readonly customerEmail: string | null;
  readonly metadata: Metadata;
  /** The metadata of the payment intent and of the charge. */
  readonly intentMetadata: Metadata;
  readonly shipping: Shipping | null;
  readonly successUrl: string;
  readonly cancelUrl: string | null;
  readonly expiresAt: Date;
}

/** A Checkout Session: one purchase, paid at most once, on a hosted page. */
export interface Session extends NewSession {
  readonly id: string;
  readonly status: SessionStatus;
  readonly payment: SessionPayment;
  /** Set by the first attempt to pay, as Stripe does. */
  readonly paymentIntent: string | null;
  /** Why the last card was declined. */
  readonly lastDecline: Decline | null;
  /** The faults of this session; null applies the general ones. */
  readonly faults: FaultRates | null;
  readonly createdAt: Date;
}

/** The money that was taken for a session, and how much of it was refunded. */
export interface Charge {
  readonly id: string;
  readonly sessionId: string;
  readonly paymentIntent: string;
  readonly amount: number;
  readonly amountRefunded: number;
  readonly currency: string;
  readonly disputed: boolean;
  readonly metadata: Metadata;
  readonly createdAt: Date;
}

/** The parameters of a new refund. Without an amount it refunds the rest of the charge. */
export interface NewRefund {
  readonly amount: number | undefined;
  readonly reason: 'duplicate' | 'fraudulent' | 'requested_by_customer' | null;
  readonly metadata: Metadata;
}

/** Money that went back to the customer. */
export interface Refund extends NewRefund {
  readonly id: string;
  readonly chargeId: string;
  readonly paymentIntent: string;
  readonly amount: number;
  readonly currency: string;
  readonly createdAt: Date;
}

/** The customer has asked the bank for the money of a charge back. */
export interface Dispute {
  readonly id: string;
  readonly amount: number;
  readonly createdAt: Date;
}

/** The shop's reference for the session. Unlike the session's identifier, it is the same in every run of a scenario. */
export function referenceOf(session: NewSession): string {
  return session.clientReferenceId ?? session.metadata['order_id'] ?? '';
}

/** The address that the shopper returns to after paying. The shop may ask for the session's id in it. */
export function successAddress(session: Session): string {
  // URL escapes characters outside ASCII, which a header cannot carry.
  return new URL(session.successUrl.replaceAll('{CHECKOUT_SESSION_ID}', session.id)).href;
}

/** The address that the shopper returns to without paying. */
export function cancelAddress({ cancelUrl, successUrl }: Session): string {
  return cancelUrl === null ? new URL(successUrl).origin : new URL(cancelUrl).href;
}

/** A time as Stripe's API shows it, in whole seconds. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Prefixes of identifiers: session, coupon, payment intent, charge, refund, dispute, event, request. */
type Prefix = 'cs_test' | 'cpn' | 'pi' | 'ch' | 're' | 'dp' | 'evt' | 'req';

/** A new identifier in Stripe's format. It cannot be guessed: knowing a session's identifier is enough to pay it. */
export function newIdentifier(prefix: Prefix): string {
  return `${prefix}_${randomBytes(24).toString('hex')}`;
}

/** Whether a text can be an identifier, so that any other needs no query. `prefix` is the kind that it must have. */
export function isIdentifier(text: string, prefix = ''): boolean {
  return text.startsWith(prefix) && /^\w{1,255}$/.test(text);
}
