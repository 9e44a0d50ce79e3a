import { type DeliveryMethod, decideDelivery } from './delivery.ts';
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

/** Prices the delivery of an order. */
export function quoteTerms(
  { version, methods }: Terms,
  { delivery = { method: null, address: null } }: Pick<OrderRequest, 'delivery'>,
  lines: readonly WeighedLine[],
): QuotedTerms {
  const subtotalCents = orderTotal(lines);
  const grams = lines.reduce((sum, { qty, weightGrams }) => sum + qty * weightGrams, 0);
  const parcel = { subtotalCents, currency: currencyOf(lines), grams };
  return { version, subtotalCents, delivery: decideDelivery(delivery, methods, parcel) };
}

/** The price of a quoted delivery in minor units; nothing where there is none. */
export function deliveryCentsOf({ delivery }: QuotedTerms): number {
  return typeof delivery === 'string' ? 0 : delivery.cents;
}
