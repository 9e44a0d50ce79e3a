import { isCountry, type PostalAddress } from './postal-address.ts';

/** A price of a delivery method, for orders of at least this weight and value. Amounts in minor units. */
export interface DeliveryPrice {
  readonly currency: string;
  readonly fromGrams: number;
  readonly fromCents: number;
  readonly priceCents: number;
}

/** A way in which orders reach their buyers. */
export interface DeliveryMethod {
  readonly method: string;
  readonly name: string;
  readonly needsAddress: boolean;
  /** ISO 3166-1 alpha-2; empty for every country. */
  readonly countries: readonly string[];
  /** Working days from the dispatch; null when the shop names none. */
  readonly daysFrom: number | null;
  readonly daysTo: number | null;
  readonly taxClass: string;
  /** At least those in the currency of the order. Null: it costs nothing. */
  readonly prices: readonly DeliveryPrice[] | null;
}

/** A delivery as a buyer asks for it. `method`: null for the one that needs no address. */
export interface DeliveryRequest {
  readonly method: string | null;
  readonly address: PostalAddress | null;
}

/** The value and the weight of an order, which decide about the price of its delivery. */
export interface Parcel {
  readonly subtotalCents: number;
  readonly currency: string;
  readonly grams: number;
}

/** The delivery of an order, under the terms of its moment. */
export interface OrderDelivery {
  readonly method: string;
  readonly name: string;
  readonly cents: number;
  readonly daysFrom: number | null;
  readonly daysTo: number | null;
  readonly address: PostalAddress | null;
}

/** Why a delivery is not possible. */
export type DeliveryFault =
  | 'unknown_method'
  | 'address_missing'
  | 'country_not_served'
  | 'currency_not_served';

/** The price of a method in minor units; null when it has none in the currency. */
export function deliveryPrice(
  { prices }: DeliveryMethod,
  { subtotalCents, currency, grams }: Parcel,
): number | null {
  if (prices === null) return 0;
  const [best] = prices
    .filter(
      (price) => price.currency === currency && price.fromGrams <= grams && price.fromCents <= subtotalCents,
    )
    .toSorted((a, b) => b.fromGrams - a.fromGrams || b.fromCents - a.fromCents);
  return best?.priceCents ?? null;
}

/** Whether a method delivers to a country. */
function serves({ countries }: DeliveryMethod, country: string): boolean {
  return isCountry(country) && (countries.length === 0 || countries.includes(country));
}

/**
 * Decides on the delivery of an order. Without a method, the first that needs no address and has a price delivers it.
 * @param methods those of the shop, in its order
 */
export function decideDelivery(
  { method: wanted, address }: DeliveryRequest,
  methods: readonly DeliveryMethod[],
  parcel: Parcel,
): OrderDelivery | DeliveryFault {
  const wantedOnes = methods.filter((one) => (wanted === null ? !one.needsAddress : one.method === wanted));
  const method = wantedOnes.find((one) => deliveryPrice(one, parcel) !== null) ?? wantedOnes[0];
  if (!method) return wanted === null ? 'address_missing' : 'unknown_method';
  if (method.needsAddress && !address) return 'address_missing';
  if (method.needsAddress && address && !serves(method, address.country)) return 'country_not_served';
  const cents = deliveryPrice(method, parcel);
  if (cents === null) return 'currency_not_served';
  const { name, daysFrom, daysTo } = method;
  return {
    method: method.method,
    name,
    cents,
    daysFrom,
    daysTo,
    address: method.needsAddress ? address : null,
  };
}
