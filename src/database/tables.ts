import type { AttentionReason, AttentionResolution } from '../domain/attention.ts';
import {
  type BuyerDetails,
  buyerFields,
  type CancelReason,
  type Fulfilment,
  type OrderStatus,
  refusalReasons,
} from '../domain/order.ts';
import type { PaymentState } from '../domain/payment.ts';
import type { PostalAddress } from '../domain/postal-address.ts';
import type { RefundReason } from '../domain/refund.ts';

// Rows as a `Statement` returns them. Amounts are minor units.

export interface ProductRow {
  productId: number;
  sku: string;
  product: string;
  description: string;
  priceCents: number;
  currency: string;
  image: string;
  restockLevel: number;
  weightGrams: number;
  taxClass: string;
  category: string | null;
}

export interface OrderRow extends BuyerDetails {
  orderId: number;
  checkoutKey: string;
  requestHash: string;
  token: string;
  /** The browser that placed it; null for an order of a program. */
  browserId: string | null;
  /** The HTTP request that placed it. */
  requestId: string;
  status: OrderStatus;
  reason: CancelReason | null;
  /** The value of the lines. */
  subtotalCents: number;
  discountCents: number;
  deliveryCents: number;
  /** The tax of the lines and of the delivery. */
  taxCents: number;
  /** Null where no tax applies. */
  taxName: string | null;
  /** The amounts contain the tax. */
  taxIncluded: boolean;
  deliveryTaxCents: number;
  /** Millionths; null where it is not taxed. */
  deliveryTaxRate: number | null;
  /** `subtotalCents` − `discountCents` + `deliveryCents`, and the tax unless it is included. */
  totalCents: number;
  discountCode: string | null;
  currency: string;
  deliveryMethod: string | null;
  /** As it was called when the order was placed. */
  deliveryName: string | null;
  /** Working days from the dispatch. */
  deliveryDaysFrom: number | null;
  deliveryDaysTo: number | null;
  address: PostalAddress | null;
  createdAt: Date;
  holdExpiresAt: Date;
  paidAt: Date | null;
  /** As it was set up when the order was paid. */
  fulfilment: Fulfilment;
  /** When the dispatch workflow ships, or by when an operator does. */
  dispatchDueAt: Date | null;
  dispatchedAt: Date | null;
  /** It is dispatched because its units were all refunded before they were shipped. */
  nothingSent: boolean;
  cancelledAt: Date | null;
  refundedAt: Date | null;
}

const shopFields: Readonly<Record<Exclude<keyof OrderRow, keyof BuyerDetails>, true>> = {
  orderId: true,
  checkoutKey: true,
  requestHash: true,
  token: true,
  browserId: true,
  requestId: true,
  status: true,
  reason: true,
  subtotalCents: true,
  discountCents: true,
  deliveryCents: true,
  taxCents: true,
  taxName: true,
  taxIncluded: true,
  deliveryTaxCents: true,
  deliveryTaxRate: true,
  totalCents: true,
  discountCode: true,
  currency: true,
  deliveryMethod: true,
  deliveryName: true,
  deliveryDaysFrom: true,
  deliveryDaysTo: true,
  address: true,
  createdAt: true,
  holdExpiresAt: true,
  paidAt: true,
  fulfilment: true,
  dispatchDueAt: true,
  dispatchedAt: true,
  nothingSent: true,
  cancelledAt: true,
  refundedAt: true,
};

/** The columns of an order by name, for statements that are prepared: `orders.*` would fail when a migration adds one. */
export const orderColumns = [...Object.keys(shopFields), ...buyerFields]
  .map((field) => `orders.${columnOf(field)}`)
  .join(', ');

/** The columns of the buyer's fields, and the bindings that a `BuyerDetails` has for them. */
export const buyerColumns = buyerFields.map(columnOf).join(', ');
export const buyerBindings = buyerFields.map((field) => `:${field}`).join(', ');

/** SQL of the list of reasons of refused orders. */
export const refusalsSql = refusalReasons.map((reason) => `'${reason}'`).join(', ');

function columnOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export interface PaymentRow {
  orderId: number;
  state: PaymentState;
  sessionId: string | null;
  url: string | null;
  amountCents: number;
  currency: string;
  transactionId: string | null;
  refundedCents: number;
  updatedAt: Date;
}

/** A payment back to the buyer; it counts as soon as it is promised. */
export interface RefundRow {
  refundId: number;
  orderId: number;
  amountCents: number;
  reason: RefundReason;
  /** The operator's words. */
  note: string | null;
  actor: string;
  requestKey: string;
  /** The request in JSON, so that a key is not used for another one. */
  request: string | null;
  state: 'due' | 'made';
  providerRefundId: string | null;
  createdAt: Date;
  madeAt: Date | null;
}

/** A parcel. */
export interface ShipmentRow {
  shipmentId: number;
  orderId: number;
  carrier: string | null;
  trackingNumber: string | null;
  link: string | null;
  actor: string;
  /** Null for that of the dispatch workflow. */
  requestKey: string | null;
  /** The request in JSON, so that a key is not used for another one. */
  request: string | null;
  shippedAt: Date;
}

/** The occasions of an e-mail to the buyer. */
export type EmailKind = 'order_confirmed' | 'order_cancelled' | 'refund_made' | 'shipped' | 'orders_found';

export interface EmailRow {
  emailId: number;
  orderId: number;
  kind: EmailKind;
  refundId: number | null;
  shipmentId: number | null;
  /** 0 for the first message of its occasion, then one more each time that it is sent again. */
  copy: number;
  createdAt: Date;
  sentAt: Date | null;
  subject: string | null;
  textBody: string | null;
  htmlBody: string | null;
}

/** The kinds of items on the attention list. */
export type AttentionKind =
  | 'event_mismatch'
  | 'event_version'
  | 'dispute'
  | 'payment_unknown'
  | 'unknown_payment'
  | 'overdue'
  | 'workflow_failed'
  | 'checkout_failed'
  | 'dispatch_failed'
  | 'refund_failed'
  | 'refund_made_twice'
  | 'email_failed'
  | 'accounts_wrong'
  | 'return_asked';

export interface AttentionRow {
  attentionId: number;
  kind: AttentionKind;
  subject: string;
  orderId: number | null;
  reason: AttentionReason['code'];
  /** The parameters of the reason. */
  detail: Record<string, unknown>;
  /** How often it was raised. */
  count: number;
  raisedAt: Date;
  resolvedAt: Date | null;
  resolution: AttentionResolution | null;
  /** The operator's words. */
  note: string | null;
}

/** A request for units: the person who sent it, and its idempotency key. */
export interface SupplyRequest {
  readonly requestKey: string;
  readonly actor: string;
}

/** Units that were added to one product. */
export interface Restocked {
  readonly sku: string;
  readonly added: number;
}
