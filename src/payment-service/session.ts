/** open → complete (paid) or open → expired; both are final. */
export type SessionStatus = 'open' | 'complete' | 'expired';

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
  readonly successUrl: string;
  readonly cancelUrl: string | null;
  readonly expiresAt: Date;
}

/** A Checkout Session: one purchase, paid at most once, on a hosted page. */
export interface Session extends NewSession {
  readonly id: string;
  readonly status: SessionStatus;
  /** Set exactly when the session is complete. */
  readonly paymentIntent: string | null;
  /** Why the last card was refused while the session stays open. */
  readonly lastDecline: 'card_declined' | null;
  readonly createdAt: Date;
}

/** The session as Stripe's API and its events show it. */
export function checkoutSessionObject(session: Session, publicUrl: string) {
  return {
    id: session.id,
    object: 'checkout.session',
    amount_subtotal: session.amountTotal,
    amount_total: session.amountTotal,
    cancel_url: session.cancelUrl,
    client_reference_id: session.clientReferenceId,
    created: unixSeconds(session.createdAt),
    currency: session.currency,
    customer_details: session.customerEmail === null ? null : { email: session.customerEmail },
    customer_email: session.customerEmail,
    expires_at: unixSeconds(session.expiresAt),
    livemode: false,
    metadata: session.metadata,
    mode: 'payment',
    payment_intent: session.paymentIntent,
    payment_method_types: ['card'],
    payment_status: paymentStatus(session),
    status: session.status,
    success_url: session.successUrl,
    url: session.status === 'open' ? `${publicUrl}/pay/${session.id}` : null,
  };
}

/** Whether the customer's money was taken. */
export function paymentStatus(session: Session): 'paid' | 'unpaid' {
  return session.paymentIntent === null ? 'unpaid' : 'paid';
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
