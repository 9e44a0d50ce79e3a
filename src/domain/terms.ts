import type { CheckedCart } from './cart.ts';
import { type DeliveryMethod, decideDelivery, type Parcel } from './delivery.ts';
import { currencyOf, type OrderRequest, orderTotal, type QuotedTerms } from './order.ts';

/** What an order costs besides its products, at one moment. */
export interface Terms {
  /** Changes with everything that the amounts of an order depend on, but for the prices of products. */
  readonly version: number;
  /** In the shop's order. */
  readonly methods: readonly DeliveryMethod[];
}

/** A requested line with its price in minor units, and its weight. */
export interface WeighedLine {
  readonly qty: number;
  readonly unitPriceCents: number;
  readonly currency: string;
  readonly weightGrams: number;
}

/** The value and the weight of lines. */
export function parcelOf(lines: readonly WeighedLine[]): Parcel {
  return {
    subtotalCents: orderTotal(lines),
    currency: currencyOf(lines),
    grams: lines.reduce((sum, { qty, weightGrams }) => sum + qty * weightGrams, 0),
  };
}

/** Prices the delivery of an order. */
export function quoteTerms(
  { version, methods }: Terms,
  { delivery = { method: null, address: null } }: Pick<OrderRequest, 'delivery'>,
  lines: readonly WeighedLine[],
): QuotedTerms {
  const parcel = parcelOf(lines);
  const { subtotalCents, currency } = parcel;
  return { version, subtotalCents, currency, delivery: decideDelivery(delivery, methods, parcel) };
}

/** Names a review: the units and prices of its cart, and the terms under which its delivery was priced. */
export function reviewFingerprintOf({ reviewFingerprint }: CheckedCart, { version }: Terms): string {
  return `${reviewFingerprint}.${version}`;
}
