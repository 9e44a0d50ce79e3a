import type { OrderAmounts } from '../../domain/amounts.ts';
import type { CancelReason, Fulfilment, OrderStatus } from '../../domain/order.ts';
import type { PaymentState } from '../../domain/payment.ts';
import type { PostalAddress } from '../../domain/postal-address.ts';
import type { Database } from '../connection.ts';
import type { EmailKind, EmailRow, OrderRow, RefundRow, ShipmentRow } from '../tables.ts';
import type { OrderLine } from './orders.ts';

/** A message that a demonstration stored instead of sending it. */
export interface KeptEmail
  extends Pick<EmailRow, 'emailId' | 'orderId' | 'kind' | 'refundId' | 'shipmentId' | 'copy'> {
  /** The buyer's address. */
  to: string;
  /** The token of the order's page. */
  token: string;
  subject: string;
  textBody: string;
  htmlBody: string;
  sentAt: Date;
}

/** Most messages that the mail preview shows. */
const previewSize = 100;

/** Lists the newest stored messages, newest first. */
export function listKeptEmails(database: Database): Promise<KeptEmail[]> {
  return keptEmails(database).orderBy('email_id', 'desc').limit(previewSize);
}

/** Finds a stored message by its number. */
export function findKeptEmail(database: Database, emailId: number): Promise<KeptEmail | undefined> {
  return keptEmails(database).where({ email_id: emailId }).first();
}

function keptEmails(database: Database) {
  return database('emails')
    .join('orders', 'orders.order_id', 'emails.order_id')
    .whereNotNull('subject')
    .select<KeptEmail[]>(
      'email_id',
      'emails.order_id',
      'kind',
      'refund_id',
      'shipment_id',
      'copy',
      'orders.email as to',
      'token',
      'subject',
      'text_body',
      'html_body',
      'sent_at',
    );
}

/** Messages go to a mail server, to the mail preview of a demonstration, or nowhere. */
export type EmailDelivery = 'smtp' | 'preview' | 'off';

/** A message to write, with the present state of its order. Amounts in minor units, times in milliseconds since 1970. */
export interface PlannedEmail extends Partial<Omit<OrderAmounts, 'totalCents'>> {
  readonly emailId: number;
  /** The setting when the workflow began. A later change does not affect it. */
  readonly delivery: EmailDelivery;
  readonly orderId: number;
  readonly kind: EmailKind;
  readonly refundId: number | null;
  readonly to: string;
  readonly token: string;
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | null;
  readonly paymentState: PaymentState | null;
  readonly paidLate: boolean;
  readonly totalCents: number;
  readonly currency: string;
  readonly holdExpiresAt: number;
  readonly lines: readonly EmailLine[];
  readonly refund: Pick<RefundRow, 'amountCents' | 'reason' | 'note'> | null;
  // The rest, and the parts of the total, are missing in a step that an earlier release recorded.
  /** 0, or how often it was sent again. */
  readonly copy?: number;
  readonly discountCode?: string | null;
  readonly deliveryName?: string | null;
  readonly address?: PostalAddress | null;
  readonly fulfilment?: Fulfilment;
  readonly nothingSent?: boolean;
  readonly isCollected?: boolean;
  readonly deliveryDaysFrom?: number | null;
  readonly deliveryDaysTo?: number | null;
  readonly shipmentId?: number | null;
  readonly shipment?: EmailedShipment | null;
  /** The newest paid orders of the address, for `orders_found` alone: one more than the message lists, where there are more. */
  readonly found?: readonly FoundOrder[] | null;
}

/** An order in the message that lists those of an address. */
export interface FoundOrder extends Pick<OrderRow, 'orderId' | 'token' | 'status'> {
  // Both are missing in a step that an earlier release recorded.
  readonly nothingSent?: boolean;
  readonly isCollected?: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** In SKU order. */
  readonly items: readonly { readonly product: string; readonly quantity: number }[];
}

/** The parcel that a message is about; its time in milliseconds since 1970. */
export interface EmailedShipment extends Pick<ShipmentRow, 'carrier' | 'trackingNumber' | 'link'> {
  readonly shippedAt: number;
  /** No other parcel of the order has followed. */
  readonly isNewest: boolean;
  readonly items: readonly Pick<OrderLine, 'product' | 'quantity'>[];
}

export type EmailLine = Pick<OrderLine, 'product' | 'quantity' | 'unitPriceCents'> &
  Partial<Pick<OrderLine, 'taxCents' | 'taxRate'>>;

/** The content of a message. */
export interface EmailContent {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
