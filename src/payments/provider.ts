import type { OrderDelivery } from '../domain/delivery.ts';
import type { PlacedLine } from '../domain/order.ts';
import type { PaymentEvent } from '../domain/payment.ts';

/** A request to open the payment session of an order. Amounts in minor units, times in ms since 1970. */
export interface SessionRequest {
  readonly orderId: number;
  /** Identifies the session as ours; nobody can guess it. */
  readonly correlationToken: string;
  readonly email: string | null;
  readonly currency: string;
  readonly lines: readonly Omit<PlacedLine, 'sku'>[];
  /** Null where an order has none. */
  readonly delivery: Pick<OrderDelivery, 'name' | 'cents' | 'address'> | null;
  /** What is taken off the lines; missing in an order from before there were discounts. */
  readonly discountCents?: number;
  /** A tax that is added to the prices; missing in an order from before there were taxes. */
  readonly addedTax?: { readonly name: string; readonly cents: number } | null;
  /** The lines, the delivery and the added tax, without the discount. */
  readonly totalCents: number;
  readonly holdExpiresAt: number;
  /** The page to which the shopper returns, paid or not. */
  readonly orderUrl: string;
}

export interface PaymentSession {
  readonly sessionId: string;
  /** The provider's page on which the shopper pays. */
  readonly url: string;
}

/** The provider's reason for refusing a request for good. */
export interface Refused {
  readonly refused: string;
}

/** A session as we recorded it, so that a payment of something else is not accepted. */
export interface RecordedSession {
  readonly sessionId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** A session that nobody can pay any more: it was paid before it ended, or it ended unpaid. */
export type EndedSession =
  | {
      readonly outcome: 'paid';
      readonly transactionId: string;
      /** The event that would report the refunds made since; null when there are none. */
      readonly refundEvent: unknown;
    }
  | { readonly outcome: 'ended' };

/** A refund of a part of a charge, in minor units. */
export interface RefundRequest {
  readonly refundId: number;
  readonly orderId: number;
  readonly transactionId: string;
  readonly amountCents: number;
}

/** A refund that the provider has made; null when external refunds have paid back the whole charge. */
export interface MadeRefund {
  readonly providerRefundId: string | null;
}

/** The provider has less of the charge left than was asked for, in minor units. It did nothing. */
export interface TooLittleLeft {
  readonly leftCents: number;
}

/** A session in the provider's list. */
export interface ListedSession {
  readonly sessionId: string;
  readonly orderId: number | null;
  readonly correlationToken: string | null;
  /** The page to which its buyer returns; null when it names none. */
  readonly returnUrl: string | null;
  readonly status: 'open' | 'complete' | 'expired';
  readonly createdAt: Date;
  /** The event that would have reported the payment; null for a session that is not paid. */
  readonly paidEvent: unknown;
}

/** A message to the webhook, before its signature is verified. */
export interface SignedMessage {
  /** The received bytes, which are signed. */
  readonly rawBody: Buffer;
  readonly signature: string | undefined;
}

/**
 * The port to a payment provider. Expected outcomes are values. An error means that the outcome is unknown, and the caller asks
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
   * A refusal is final.
   */
  openSession(request: SessionRequest): Promise<PaymentSession | Refused>;
  /**
   * Makes sure that a session can no longer be paid, and returns whether it was paid before.
   * @throws also when another amount or currency was paid, which a person has to examine
   */
  endSession(session: RecordedSession): Promise<EndedSession>;
  /** Makes a refund, or finds the one that was made before under the same refund id. */
  refund(order: RefundRequest): Promise<MadeRefund | Refused | TooLittleLeft>;
  /** Finds a refund that was made under a refund id, and makes none. */
  findRefund(order: RefundRequest): Promise<MadeRefund | undefined>;
  /** The refund ids of the refunds made since a time, newest first; null for an external refund. */
  listRefundIds(since: Date): AsyncIterable<number | null>;
  /** The sessions created since a time, newest first. */
  listSessions(since: Date): AsyncIterable<ListedSession>;
  /** Lists the provider's events since a time, newest first, each in the form of a webhook's body. */
  listEvents(since: Date): AsyncIterable<unknown>;
  /**
   * Verifies a message to the webhook, and reads its event.
   * @throws ShopError `bad_signature` or `malformed_body`
   */
  verifyEvent(message: SignedMessage, now: Date): PaymentEvent;
  /** Reads an event from the provider's own object, in a list, or from a `body` in `payment_events`; undefined when it is none. */
  readEvent(message: unknown): PaymentEvent | undefined;
}
