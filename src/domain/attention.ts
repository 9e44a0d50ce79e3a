/** The reasons why something needs a person, by code. operator/words.ts has their sentences. */
export const attentionCodes = [
  'event_differs',
  'event_failed',
  'event_version',
  'charge_disputed',
  'unknown_order',
  'payment_unknown',
  'overdue',
  'workflow_failed',
  'engine_failed',
  'restarted_too_often',
  'refund_refused',
  'refund_exceeds_charge',
  'refund_unconfirmed',
  'refund_made_twice',
  'email_refused',
  'email_not_sent',
  'accounts_wrong',
  'cancellation_asked',
  'return_asked',
] as const;

/** A reason with the parameters of its sentence. Messages of errors, the provider and the mail server stay as they came. */
export type AttentionReason =
  /** An event is about an order, but names another session, charge, amount, currency or mode. */
  | {
      readonly code: 'event_differs';
      readonly type: string;
      readonly eventId: string;
      readonly orderId: number;
    }
  | {
      readonly code: 'event_failed';
      readonly type: string;
      readonly eventId: string;
      readonly error: string;
    }
  /** The provider's events come in another version of its format. */
  | ({ readonly code: 'event_version' } & OtherVersion)
  | { readonly code: 'charge_disputed'; readonly transactionId: string | null }
  /** A payment of an order that this database does not know. */
  | ({ readonly code: 'unknown_order' } & UnknownPayment)
  /** The provider does not answer whether an order was paid. */
  | { readonly code: 'payment_unknown' }
  /** Work that is due since then, and that has neither been done nor failed. */
  | {
      readonly code: 'overdue';
      readonly work: 'dispatch' | 'shipment' | 'refund' | 'email';
      readonly since: string;
    }
  | { readonly code: 'workflow_failed'; readonly error: string }
  /** The engine gave a workflow up; `step` is the one that failed, if any did. */
  | {
      readonly code: 'engine_failed';
      readonly workflowId: string;
      readonly name: string;
      readonly step: string | null;
    }
  | { readonly code: 'restarted_too_often'; readonly failures: number }
  | { readonly code: 'refund_refused'; readonly message: string }
  /** The provider has less left of the charge, in minor units, than a refund of a part. */
  | { readonly code: 'refund_exceeds_charge'; readonly leftCents: number }
  | { readonly code: 'refund_unconfirmed'; readonly error: string }
  /** The provider has made a refund that an operator had resolved as made by hand. */
  | { readonly code: 'refund_made_twice'; readonly providerRefundId: string; readonly amount: number }
  | { readonly code: 'email_refused'; readonly message: string }
  | { readonly code: 'email_not_sent'; readonly attempts: number; readonly error: string }
  /** Sums of stock or money contradict each other; `accounts` has the figures. */
  | { readonly code: 'accounts_wrong'; readonly accounts: object }
  /** A buyer wants to cancel a paid order, or to return it; `message` has the buyer's words. */
  | { readonly code: ReturnRequestCode; readonly message: string };

/** What a buyer asks for after the payment: not to dispatch the order, or to take it back. */
export type ReturnRequestCode = 'cancellation_asked' | 'return_asked';

/** The version of the provider's format that an event came in, and the one that this shop reads. */
export interface OtherVersion {
  readonly version: string;
  readonly expected: string;
}

/** A payment at the provider: the order that it names, and what a person needs to refund it there. Amount in minor units. */
export interface UnknownPayment {
  readonly orderId: number | null;
  readonly amountCents: number | null;
  readonly currency: string | null;
  readonly transactionId: string | null;
  readonly email: string | null;
}

/** The ways in which an attention item was resolved. With `operator`, the item has a note. */
export type AttentionResolution =
  | 'operator'
  | 'retried'
  | 'email_sent'
  | 'refund_made'
  | 'payment_decided'
  | 'done'
  | 'accounts_right';
