import type { PaymentEvent } from '../domain/payment.ts';

/** What the provider needs to open a payment session for an order. Amounts in minor units, times in ms since 1970. */
export interface SessionRequest {
  readonly orderId: number;
  /** Marks the session as ours; nobody can guess it. */
  readonly correlationToken: string;
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

/** The provider's reason for never doing what it was asked. */
export interface Refused {
  readonly refused: string;
}

/** A session as we have it on record, so that a payment of something else is not taken for ours. */
export interface RecordedSession {
  readonly sessionId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** How a session stands once it has been ended: paid before that, or ended unpaid so that nobody can pay any more. */
export type EndedSession =
  | {
      readonly outcome: 'paid';
      readonly transactionId: string;
      /** The event that tells of what was paid back since; null when nothing was. */
      readonly refundEvent: unknown;
    }
  | { readonly outcome: 'ended' };

/** What is to be paid back of a charge, in minor units. */
export interface RefundRequest {
  readonly refundId: number;
  readonly orderId: number;
  readonly transactionId: string;
  readonly amountCents: number;
}

/** A refund that the provider has made; null when the charge was paid back in full without ours. */
export interface MadeRefund {
  readonly providerRefundId: string | null;
}

/** The provider has less of the charge left than it was asked to pay back, in minor units; nothing was done. */
export interface TooLittleLeft {
  readonly leftCents: number;
}

/** A session in the provider's list. */
export interface ListedSession {
  readonly sessionId: string;
  readonly orderId: number | null;
  readonly correlationToken: string | null;
  readonly status: 'open' | 'complete' | 'expired';
  readonly createdAt: Date;
  /** The event that would have reported the payment; null for a session that is not paid. */
  readonly paidEvent: unknown;
}

/** A message to the webhook, before its signature is verified. */
export interface SignedMessage {
  /** The bytes as they came: the signature is over them. */
  readonly rawBody: Buffer;
  readonly signature: string | undefined;
}

/**
 * The port to a payment provider. Expected outcomes are values. A throw means "I do not know", and the caller asks
 * again: every call is safe to repeat.
 */
export interface PaymentProvider {
  /** Whether it moves real money. */
  readonly live: boolean;
  /** Origin of the pages on which shoppers pay, for the content security policy. */
  readonly pagesOrigin: string;
  /** The header that carries the signature of a message to the webhook. */
  readonly signatureHeader: string;
  /**
   * Opens the session of an order, or finds the one opened before under the same idempotency key.
   * A refused one will never be opened, however often it is asked for.
   */
  openSession(request: SessionRequest): Promise<PaymentSession | Refused>;
  /**
   * Makes sure that a session can no longer be paid, and says whether it was paid before that.
   * @throws also when another amount or currency was paid than ours, which somebody has to look at.
   */
  endSession(session: RecordedSession): Promise<EndedSession>;
  /** Pays back, or finds what was paid back before under the same refund id. Refused: as things stand it cannot be made. */
  refund(order: RefundRequest): Promise<MadeRefund | Refused | TooLittleLeft>;
  /** The sessions created since a time, newest first. */
  listSessions(since: Date): AsyncIterable<ListedSession>;
  /** The provider's own record of its events since a time, newest first, as a webhook's body would hold them. */
  listEvents(since: Date): AsyncIterable<unknown>;
  /**
   * Verifies a message to the webhook, and reads its event.
   * @throws ShopError `bad_signature` or `malformed_body`
   */
  verifyEvent(message: SignedMessage, now: Date): PaymentEvent;
  /** Reads an event from the provider's own object, which a list or an inbox has kept; undefined when it is none. */
  readEvent(body: unknown): PaymentEvent | undefined;
}
