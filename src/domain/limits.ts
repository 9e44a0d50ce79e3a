import { orderTotal } from './order.ts';

/** Most units of one product in one order. */
export const maxQuantity = 1000;

/** Most products in one order: a bound on the units that a single request can hold. */
export const maxItems = 50;

/** The largest payment that the provider takes: eight digits of minor units (Stripe docs, "Minimum and maximum charge amounts"). */
export const largestTotalCents = 99_999_999;

/** Most orders of one browser that may wait for their payment at once (decision 11). */
export const maxPendingOrders = 5;

/** Most units in one delivery to the stock. */
export const maxDelivery = 100_000;

/** Most bytes of an e-mail address, as mail servers count them. */
export const maxEmailLength = 254;

/** The largest number of an order, a refund or an attention item. JSON and JavaScript keep larger ones only roughly. */
export const largestSerial = Number.MAX_SAFE_INTEGER;

/** Longest wait of a request for an order. Leaves room below the ten seconds in which every request is answered. */
export const requestWaitMs = 8_000;

/** Days after which a cart without changes is removed. */
export const cartDays = 30;

/** The reason why products cannot be one order. `nothing`: no units are left, or they cost nothing. */
export type Blocker = 'too_many_products' | 'too_many_units' | 'currencies' | 'nothing' | 'too_much';

/** One product of an order that is to be placed, with today's price in minor units. */
export interface PricedItem {
  readonly qty: number;
  readonly unitPriceCents: number;
  readonly currency: string;
}

/** Decides whether items can be ordered together. @returns the first reason against it, or null */
export function blockerOf(items: readonly PricedItem[]): Blocker | null {
  if (items.length > maxItems) return 'too_many_products';
  if (items.some(({ qty }) => qty > maxQuantity)) return 'too_many_units';
  if (new Set(items.map(({ currency }) => currency)).size > 1) return 'currencies';
  const totalCents = orderTotal(items);
  if (totalCents === 0) return 'nothing';
  return totalCents > largestTotalCents ? 'too_much' : null;
}
