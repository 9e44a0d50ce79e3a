import type { CancelReason, OrderStatus } from '../domain/order.ts';
import type { PaymentState } from '../domain/payment.ts';

/** Rows as Postgres returns them. Amounts are minor units; bigint columns come as strings. */
export interface ProductRow {
  product_id: number;
  sku: string;
  product: string;
  description: string;
  price_cents: number;
  currency: string;
  image: string;
  restock_level: number;
}

export interface OrderRow {
  order_id: number;
  checkout_key: string;
  request_hash: string;
  token: string;
  /** The browser that placed it; null for an order of a program. */
  browser_id: string | null;
  /** The HTTP request that placed it. */
  request_id: string;
  status: OrderStatus;
  reason: CancelReason | null;
  email: string | null;
  total_cents: number;
  currency: string;
  created_at: Date;
  hold_expires_at: Date;
  paid_at: Date | null;
  dispatch_due_at: Date | null;
  dispatched_at: Date | null;
  cancelled_at: Date | null;
  refunded_at: Date | null;
}

const columnsOfOrder: Readonly<Record<keyof OrderRow, true>> = {
  order_id: true,
  checkout_key: true,
  request_hash: true,
  token: true,
  browser_id: true,
  request_id: true,
  status: true,
  reason: true,
  email: true,
  total_cents: true,
  currency: true,
  created_at: true,
  hold_expires_at: true,
  paid_at: true,
  dispatch_due_at: true,
  dispatched_at: true,
  cancelled_at: true,
  refunded_at: true,
};

/** The columns of an order by name, for statements that are prepared: `orders.*` would fail when a migration adds one. */
export const orderColumns = Object.keys(columnsOfOrder)
  .map((column) => `orders.${column}`)
  .join(', ');

export interface PaymentRow {
  order_id: number;
  state: PaymentState;
  session_id: string | null;
  url: string | null;
  amount_cents: number;
  currency: string;
  transaction_id: string | null;
  refunded_cents: number;
  updated_at: Date;
}

/** A payment back to the buyer; it counts as soon as it is promised. */
export interface RefundRow {
  refund_id: number;
  order_id: number;
  amount_cents: number;
  reason: string;
  actor: string;
  request_key: string;
  /** What was asked for, so that a key is not used for something else. */
  request: string | null;
  state: 'due' | 'made';
  provider_refund_id: string | null;
  created_at: Date;
  made_at: Date | null;
}

/** The occasions on which the buyer is written to. */
export type EmailKind = 'order_confirmed' | 'order_cancelled' | 'refund_made';

export interface EmailRow {
  /** A bigint, which comes as a string. */
  email_id: string;
  order_id: number;
  kind: EmailKind;
  refund_id: number | null;
  created_at: Date;
  sent_at: Date | null;
  subject: string | null;
  text_body: string | null;
  html_body: string | null;
}

/** What needs a person. */
export type AttentionKind =
  | 'event_mismatch'
  | 'dispute'
  | 'payment_unknown'
  | 'checkout_failed'
  | 'dispatch_failed'
  | 'refund_failed'
  | 'email_failed'
  | 'accounts_wrong';

/** The workflows that can be started again, because each first reads what is left to do. */
export type Restartable = 'resume-checkout' | 'dispatch' | 'refund' | 'email';

/** The workflow that each kind of attention item is about. */
export const restartables = {
  checkout_failed: 'resume-checkout',
  dispatch_failed: 'dispatch',
  refund_failed: 'refund',
  email_failed: 'email',
} as const satisfies Partial<Record<AttentionKind, Restartable>>;

/** The kinds of attention items that can be tried again. */
export type RestartableKind = keyof typeof restartables;

export interface AttentionRow {
  attention_id: number;
  kind: AttentionKind;
  subject: string;
  order_id: number | null;
  reason: string;
  raised_at: Date;
  resolved_at: Date | null;
  resolution: string | null;
}

/** Who asks for units, and the key under which asking again changes nothing. */
export interface SupplyRequest {
  readonly requestKey: string;
  readonly actor: string;
}

/** Units that were added to one product. */
export interface Restocked {
  readonly sku: string;
  readonly added: number;
}
