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

export interface PaymentRow {
  order_id: number;
  state: PaymentState;
  session_id: string | null;
  url: string | null;
  amount_cents: number;
  currency: string;
  transaction_id: string | null;
  refund_id: string | null;
  updated_at: Date;
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
