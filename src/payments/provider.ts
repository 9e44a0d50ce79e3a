/** What the provider needs to open a payment session for an order. Amounts in minor units, times in ms since 1970. */
export interface SessionRequest {
  readonly orderId: number;
  readonly email: string | null;
  readonly currency: string;
  readonly lines: readonly {
    readonly product: string;
    readonly qty: number;
    readonly unitPriceCents: number;
  }[];
  readonly holdExpiresAt: number;
  /** Where the shopper comes back to, paid or not. */
  readonly orderUrl: string;
}

export interface PaymentSession {
  readonly sessionId: string;
  /** The provider's page on which the shopper pays. */
  readonly url: string;
}

/** The provider's reason for never opening a session. */
export interface RefusedSession {
  readonly refused: string;
}

/** A session as we have it on record, so that a payment of something else is not taken for ours. */
export interface KnownSession {
  readonly sessionId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** How a session stands once it has been ended: paid before that, or ended unpaid so that nobody can pay any more. */
export type EndedSession =
  | { readonly outcome: 'paid'; readonly transactionId: string }
  | { readonly outcome: 'ended' };

/**
 * The port to a payment provider. Expected outcomes are values. A throw means "I do not know", and the caller asks
 * again: every call is safe to repeat.
 */
export interface PaymentProvider {
  /**
   * Opens the session of an order, or finds the one opened before under the same idempotency key.
   * A refused one will never be opened, however often it is asked for.
   */
  openSession(request: SessionRequest): Promise<PaymentSession | RefusedSession>;
  /**
   * Makes sure that a session can no longer be paid, and says whether it was paid before that.
   * @throws also when another amount or currency was paid than ours, which somebody has to look at.
   */
  endSession(session: KnownSession): Promise<EndedSession>;
}
