/** The money that was taken for a session, and how much of it went back. */
export interface Charge {
  readonly id: string;
  readonly sessionId: string;
  readonly paymentIntent: string;
  readonly amount: number;
  readonly amountRefunded: number;
  readonly currency: string;
  readonly disputed: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

export type RefundReason = 'duplicate' | 'fraudulent' | 'requested_by_customer';

/** What a client asks for when it refunds. */
export interface NewRefund {
  /** Undefined: all that is left. */
  readonly amount: number | undefined;
  readonly reason: RefundReason | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Money that went back to the customer. */
export interface Refund extends NewRefund {
  readonly id: string;
  readonly charge: string;
  readonly paymentIntent: string;
  readonly amount: number;
  readonly currency: string;
  readonly createdAt: Date;
}

/** The customer has asked the bank for the money back. */
export interface Dispute {
  readonly id: string;
  readonly amount: number;
  readonly createdAt: Date;
}
