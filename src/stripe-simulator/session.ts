import type { FaultRates } from './faults.ts';

/** open → complete or open → expired; both are final. */
export type SessionStatus = 'open' | 'complete' | 'expired';

/** How the money stands: a complete session is paid at once, or processing until its bank has paid or failed. */
export type SessionPayment = 'unpaid' | 'processing' | 'paid' | 'failed';

/** What a bank says in the end to a payment that takes time. */
export type Settlement = 'succeeded' | 'failed';

/** Why a card was refused. */
export type Decline = 'generic_decline' | 'insufficient_funds' | 'authentication_required';

export interface LineItem {
  readonly name: string;
  readonly description: string | null;
  /** In the smallest unit of the session's currency. */
  readonly unitAmount: number;
  readonly quantity: number;
}

/** What a client asks for when it creates a session. */
export interface NewSession {
  readonly currency: string;
  readonly amountTotal: number;
  readonly lineItems: readonly LineItem[];
  readonly clientReferenceId: string | null;
  readonly customerEmail: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** The metadata of the payment intent and of the charge. */
  readonly intentMetadata: Readonly<Record<string, string>>;
  readonly successUrl: string;
  readonly cancelUrl: string | null;
  readonly expiresAt: Date;
}

/** A Checkout Session: one purchase, paid at most once, on a hosted page. */
export interface Session extends NewSession {
  readonly id: string;
  readonly status: SessionStatus;
  readonly payment: SessionPayment;
  /** Set by the first try to pay, as Stripe does. */
  readonly paymentIntent: string | null;
  /** Why the last card was refused. */
  readonly lastDecline: Decline | null;
  /** What goes wrong on purpose with this session; null: what goes wrong in general. */
  readonly faults: FaultRates | null;
  readonly createdAt: Date;
}

/** Whether the customer's money was taken. */
export function paymentStatus(session: Session): 'paid' | 'unpaid' {
  return session.payment === 'paid' ? 'paid' : 'unpaid';
}

/** What the shop knows the session by; the same in every run of the same story, unlike the session's identifier. */
export function referenceOf(session: NewSession): string {
  return session.clientReferenceId ?? session.metadata['order_id'] ?? '';
}

/** Where the shopper goes after paying; Stripe lets the shop ask for the session's id in that address. */
export function successAddress(session: Session): string {
  // Through URL, because a header takes no character outside ASCII.
  return new URL(session.successUrl.replaceAll('{CHECKOUT_SESSION_ID}', session.id)).href;
}

/** Where the shopper goes without paying. */
export function cancelAddress(session: Session): string {
  return session.cancelUrl === null ? new URL(session.successUrl).origin : new URL(session.cancelUrl).href;
}

/** Times in Stripe's API are whole seconds. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
