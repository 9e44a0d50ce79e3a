import { amountsOf, type LineAmounts, type OrderAmounts, type Quote } from './amounts.ts';
import type { CheckedCart } from './cart.ts';
import { type DeliveryMethod, decideDelivery, type OrderDelivery, type Parcel } from './delivery.ts';
import { type Discount, type DiscountCode, decideDiscount } from './discount.ts';
import { currencyOf, type OrderRequest, orderTotal } from './order.ts';
import type { PostalAddress } from './postal-address.ts';
import { type TaxPlace, type TaxZone, taxZoneOf } from './tax.ts';

/** What an order costs besides its products, at one moment. */
export interface Terms {
  /** Changes with everything that the amounts of an order depend on, but for the prices of products and the uses of codes. */
  readonly version: number;
  /** In the shop's order. */
  readonly methods: readonly DeliveryMethod[];
  /** Those of the shop's own country, and of the country for which the terms were read. */
  readonly zones: readonly TaxZone[];
  /** Some address has a tax. */
  readonly hasTax: boolean;
  /** Some address has a tax that is added to the prices. */
  readonly addsTax: boolean;
  /** Where orders without an address are taxed; null where they are not. */
  readonly home: TaxPlace | null;
  /** The code for which the terms were read; null without one, and when there is no such code. */
  readonly code: DiscountCode | null;
}

/** A requested line with its price in minor units, and what decides about its delivery and its tax. */
export interface WeighedLine {
  readonly sku: string;
  readonly qty: number;
  readonly unitPriceCents: number;
  readonly currency: string;
  readonly weightGrams: number;
  readonly taxClass: string;
}

/** The value and the weight of lines. */
export function parcelOf(lines: readonly WeighedLine[]): Parcel {
  return {
    subtotalCents: orderTotal(lines),
    currency: currencyOf(lines),
    grams: lines.reduce((sum, { qty, weightGrams }) => sum + qty * weightGrams, 0),
  };
}

/** What a buyer chooses about an order besides its products. */
export type Choices = Pick<OrderRequest, 'delivery' | 'discountCode'> & { readonly email: string | null };

/** The choices by which the terms are read. */
export interface TermsChoices {
  readonly country: string | null;
  readonly discountCode: string | null;
  readonly email: string | null;
}

/** The part of choices by which the terms are read. */
export function termsChoicesOf({ delivery, discountCode = null, email }: Choices): TermsChoices {
  return { country: delivery?.address?.country ?? null, discountCode, email };
}

/** Computes what an order costs under the terms. */
export function quoteOrder(
  terms: Terms,
  { delivery: wanted = { method: null, address: null }, discountCode: code = null, email }: Choices,
  lines: readonly WeighedLine[],
): Quote {
  const parcel = parcelOf(lines);
  const delivery = decideDelivery(wanted, terms.methods, parcel);
  const discount = code === null ? null : decideDiscount(terms.code, parcel, email !== null);
  const isPossible = typeof delivery !== 'string' && typeof discount !== 'string';
  const place = wanted.address && isPossible && delivery.address ? taxPlaceOf(wanted.address) : terms.home;
  const priced = isPossible ? priceOrder(terms, { delivery, discount, place }, lines) : null;
  return {
    version: terms.version,
    lines: lines.map(({ sku, unitPriceCents, currency }, index) => {
      const none = { discountCents: 0, taxCents: 0, taxRate: null };
      return { sku, unitPriceCents, currency, ...(priced?.lines[index] ?? none) };
    }),
    delivery,
    discount,
    amounts: priced?.amounts ?? null,
  };
}

/** The amounts of an order whose delivery and discount are decided. `place`: where it is taxed. */
export function priceOrder(
  { methods, zones }: Terms,
  order: {
    readonly delivery: Pick<OrderDelivery, 'method' | 'cents'>;
    readonly discount: Discount | null;
    readonly place: TaxPlace | null;
  },
  lines: readonly WeighedLine[],
): { readonly amounts: OrderAmounts; readonly lines: readonly LineAmounts[] } {
  const { delivery, discount, place } = order;
  const taxClass = methods.find(({ method }) => method === delivery.method)?.taxClass ?? '';
  const { lines: priced, ...amounts } = amountsOf(lines, {
    currency: currencyOf(lines),
    delivery: { cents: delivery.cents, taxClass },
    discount,
    zone: taxZoneOf(zones, place),
  });
  return { amounts, lines: priced };
}

/** Where an address is taxed. */
function taxPlaceOf({ country, region }: Pick<PostalAddress, 'country' | 'region'>): TaxPlace {
  return { country, region: region ?? '' };
}

/** Names a review: the units and prices of its cart, and the terms under which it was priced. */
export function reviewFingerprintOf({ reviewFingerprint }: CheckedCart, { version }: Terms): string {
  return `${reviewFingerprint}.${version}`;
}
