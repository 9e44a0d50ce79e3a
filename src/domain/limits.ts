import { isChargeable } from '../shared/currencies.ts';
import { orderTotal } from './order.ts';

/** Most units of one product in one order. */
export const maxQuantity = 1000;

/** Most products in one order: a bound on the units that a single request can hold. */
export const maxItems = 50;

/** The largest payment that the provider takes: eight digits of minor units (Stripe docs, "Minimum and maximum charge amounts"). */
export const largestTotalCents = 99_999_999;

/** Most orders of one browser that may wait for their payment at once (decision 11). */
export const maxPendingOrders = 5;

/**
 * What one client may hold at once. A client is recognised by its browser, its network address and its e-mail address; each is
 * counted for itself.
 */
export interface HoldLimits {
  readonly units: number;
  /** In minor units of the order's currency; null for no limit. A client that holds nothing may hold one unit, whatever it costs. */
  readonly cents: number | null;
  /** Percent of the units of a product that are free or its own, rounded up to a whole unit. */
  readonly sharePercent: number;
  /** Orders of one unit are exempt from the share. */
  readonly sparesSingleUnits: boolean;
  /** The second unpaid order of the last hour halves the next hold, as does each further one, down to this many seconds. */
  readonly shortestHoldSeconds: number;
}

/** The limit that an order would exceed. */
export type ExceededLimit = 'units' | 'value' | 'share';

/** Minutes for which an order that ended unpaid shortens the next holds of its client. */
export const unpaidMinutes = 60;

/** Most units in one delivery to the stock. */
export const maxDelivery = 100_000;

/** Most characters of a search that are looked for. */
export const longestSearch = 100;

/** Products on one page of the catalogue: three rows of four. */
export const productsPerPage = 12;

/** Most products in one answer to a program. */
export const largestProductList = 200;

/** Most categories that the catalogue offers to choose from: those with the most products. */
export const mostCategories = 50;

/** Most bytes of an e-mail address, as mail servers count them. */
export const maxEmailLength = 254;

/** Most orders in the message that lists those of an address. */
export const mostFoundOrders = 20;

/** Messages with the links of its orders that one address gets within 24 hours, and the minutes between two of them. */
export const orderLinksPerDay = 3;
export const minutesBetweenOrderLinks = 10;

/** How often the e-mail address of one order can be corrected. */
export const mostCorrections = 5;

/** How often the messages about one order can be sent again, and the seconds between two times. */
export const mostResends = 3;
export const secondsBetweenResends = 60;

/** How often the buyer of one order can ask to cancel or to return it, and the most characters of the reason. */
export const mostReturnRequests = 3;
export const longestReturnReason = 500;

/** The largest number of an order, a refund or an attention item. JSON and JavaScript keep larger ones only roughly. */
export const largestSerial = Number.MAX_SAFE_INTEGER;

/** Longest wait of a request for an order. Leaves room below the ten seconds in which every request is answered. */
export const requestWaitMs = 8_000;

/** Product ids in one part of the sitemap. Of the 50,000 that sitemaps.org allows, a fifth: one answer then stays near a megabyte. */
export const sitemapPart = 10_000;

/** Days after which a cart without changes is removed. */
export const cartDays = 30;

/**
 * The reason why products cannot be one order. `nothing`: no units are left, or they cost nothing. `bad_price`: the provider does not
 * take a price or its currency; such a price is from before the database refused them.
 */
export type Blocker =
  | 'too_many_products'
  | 'too_many_units'
  | 'currencies'
  | 'bad_price'
  | 'nothing'
  | 'too_much';

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
  // A sum of multiples of the provider's step is one too, so the total needs no check of its own.
  if (!items.every((item) => isChargeable(item.unitPriceCents, item.currency))) return 'bad_price';
  const totalCents = orderTotal(items);
  if (totalCents === 0) return 'nothing';
  return totalCents > largestTotalCents ? 'too_much' : null;
}
