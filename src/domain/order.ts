import { createHash } from 'node:crypto';
import type { RecordedQuote } from './amounts.ts';
import type { DeliveryRequest, OrderDelivery } from './delivery.ts';

/** The life of an order. */
export type OrderStatus = 'pending' | 'paid' | 'dispatched' | 'cancelled' | 'refunded';

/** What happens to an order. Each gets an entry in its history (`order_history.what`). */
export type OrderEvent =
  | 'placed'
  | 'payment_opened'
  | 'payment_failed'
  | 'cancel_asked'
  | 'change_asked'
  | 'change_given_up'
  | 'changed'
  | 'cancelled'
  | 'paid_late'
  | 'paid'
  | 'shipped'
  | 'dispatched'
  | 'refund_due'
  | 'refund_made'
  | 'refunded'
  | 'disputed'
  | 'email_corrected'
  | 'email_resent'
  | 'return_asked'
  | 'return_answered';

/** Why an order was cancelled. */
export type CancelReason =
  | 'out_of_stock'
  | 'price_changed'
  | 'hold_limit'
  | 'delivery_unavailable'
  | 'code_unavailable'
  | 'changed_order_paid'
  | 'change_unavailable'
  | 'payment_unavailable'
  | 'payment_ended'
  | 'hold_expired'
  | 'cancelled_by_shopper'
  | 'changed_by_shopper';

/** The reasons of orders that were refused when they were placed. They held nothing, and have no payment. */
export const refusalReasons = [
  'out_of_stock',
  'price_changed',
  'hold_limit',
  'delivery_unavailable',
  'code_unavailable',
  'changed_order_paid',
  'change_unavailable',
] as const satisfies readonly CancelReason[];

/** Who ships a paid order: the dispatch workflow, or an operator. */
export type Fulfilment = 'automatic' | 'manual';

/** The verbs that change a status, and the statuses from which each may. Every update of a status reads this table. */
export const allowedFrom = {
  pay: ['pending'],
  cancel: ['pending'],
  dispatch: ['paid'],
  // A late payment of an order whose units are still in stock.
  payLate: ['cancelled'],
  refund: ['paid', 'dispatched', 'cancelled'],
} as const satisfies Record<string, readonly OrderStatus[]>;

/** The tutorials' numbers for a status. */
export const statusNumber: Readonly<Record<OrderStatus, number>> = {
  cancelled: -1,
  refunded: -1,
  pending: 0,
  dispatched: 1,
  paid: 2,
};

/** Visible steps of a dispatch. */
export const dispatchSteps = 10;

/** One product in an order, or in a request. */
export interface Item {
  readonly sku: string;
  readonly qty: number;
}

/** Adds up items of the same product and sorts by SKU, the order in which stock is locked. */
export function mergeItems(items: readonly Item[]): Item[] {
  const quantities = new Map<string, number>();
  for (const { sku, qty } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + qty);
  return [...quantities].map(([sku, qty]) => ({ sku, qty })).toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
}

/** The total of priced lines, in minor units. */
export function orderTotal(
  lines: readonly { readonly qty: number; readonly unitPriceCents: number }[],
): number {
  return lines.reduce((sum, line) => sum + line.qty * line.unitPriceCents, 0);
}

/** The currency of lines, which are all of one. */
export function currencyOf(lines: readonly { readonly currency: string }[]): string {
  return lines[0]?.currency ?? 'USD';
}

/** The times between which a paid order is being dispatched, and its status. */
export interface DispatchClock {
  readonly status: OrderStatus;
  readonly fulfilment: Fulfilment;
  readonly paidAt: Date | null;
  readonly dispatchDueAt: Date | null;
}

/**
 * Steps of dispatch still ahead: 10 before and when it begins, 0 once dispatched.
 * Derived from the time alone: no step is written, so a crash loses none. An operator who ships takes none of them.
 */
export function progressRemaining(order: DispatchClock, now: Date): number {
  if (order.status === 'dispatched') return 0;
  if (order.fulfilment === 'manual') return dispatchSteps;
  if (order.status !== 'paid' || !order.paidAt || !order.dispatchDueAt) return dispatchSteps;
  const whole = order.dispatchDueAt.getTime() - order.paidAt.getTime();
  const left = order.dispatchDueAt.getTime() - now.getTime();
  return Math.min(dispatchSteps, Math.max(1, Math.ceil((left / whole) * dispatchSteps)));
}

/** The time of an order's last visible change: its newest recorded time, or its newest step of dispatch. */
export function lastUpdate(order: DispatchClock, recorded: readonly (Date | null)[], now: Date): Date {
  const times = recorded.filter((time) => time !== null).map((time) => time.getTime());
  if (order.status === 'paid' && order.paidAt && order.dispatchDueAt) {
    const step = (order.dispatchDueAt.getTime() - order.paidAt.getTime()) / dispatchSteps;
    times.push(order.paidAt.getTime() + (dispatchSteps - progressRemaining(order, now)) * step);
  }
  return new Date(Math.max(...times));
}

/** The correlation token of an order at the provider: derived from its secret address (`token`), which it does not reveal. */
export function correlationTokenOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 32);
}

/** The fields of an order that its buyer gives. Each has a column of its name, and is null when it was not given. */
export interface BuyerDetails {
  readonly email: string | null;
}

/** The buyer's fields without values. */
export const noBuyerDetails: BuyerDetails = { email: null };

/** The buyer's fields by name. */
export const buyerFields = Object.keys(noBuyerDetails) as (keyof BuyerDetails)[];

/** Picks the buyer's fields; a missing or empty one is null. */
export function buyerDetailsOf(
  source: {
    readonly [Field in keyof BuyerDetails]?: BuyerDetails[Field] | undefined;
  },
): BuyerDetails {
  const given = buyerFields.map((field) => [field, source[field] || null]);
  return { ...noBuyerDetails, ...Object.fromEntries(given) };
}

/** An order as its shopper asks for it. `shownCents` is the total that the page showed, or null. */
export interface OrderRequest extends BuyerDetails {
  readonly checkoutKey: string;
  readonly requestHash: string;
  readonly items: readonly Item[];
  /** The browser that asked, so that it finds its order again; null for a program. */
  readonly browserId: string | null;
  readonly shownCents: number | null;
  readonly holdSeconds: number;
  /** Missing in an input from before there were deliveries. */
  readonly delivery?: DeliveryRequest;
  /** As `readCode` returns it. */
  readonly discountCode?: string | null;
}

/** An order, and the HTTP request that asked for it: the same request finds the order that it has placed. */
export interface Placement {
  readonly order: OrderRequest;
  readonly requestId: string;
  /** Keyed hashes of what its client is recognised by. Without any, as in an input of 0.1.0, no limit of a client applies. */
  readonly clients?: readonly string[];
  /** What it costs, as it was read when it was asked for. Without it, or after a change, it is read again. */
  readonly quote?: RecordedQuote;
  /** The pending order whose place it takes (decision 32). */
  readonly changes?: number;
}

/** A line of a placed order. */
export interface PlacedLine {
  readonly sku: string;
  readonly product: string;
  readonly qty: number;
  readonly unitPriceCents: number;
}

/** A placed order, as its workflow records it. */
export interface PlacedOrder extends BuyerDetails {
  readonly orderId: number;
  readonly token: string;
  readonly totalCents: number;
  readonly currency: string;
  readonly lines: readonly PlacedLine[];
  /** Null for an order from before there were deliveries. */
  readonly delivery: OrderDelivery | null;
  /** Missing in an order from before there were discounts. */
  readonly discountCents?: number;
  /** A tax that is added to the prices; missing in an order from before there were taxes. */
  readonly addedTax?: { readonly name: string; readonly cents: number } | null;
  /** Milliseconds since 1970. */
  readonly holdExpiresAt: number;
}

/** A requested line, and the available units of its product. */
export interface StockLine extends PlacedLine {
  readonly productId: number;
  readonly currency: string;
  readonly available: number;
}
