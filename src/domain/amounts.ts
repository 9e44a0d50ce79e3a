import { minorUnitsOf } from '../shared/currencies.ts';
import type { DeliveryFault, OrderDelivery } from './delivery.ts';
import { type Discount, type DiscountFault, shareDiscount } from './discount.ts';
import type { PostalAddress } from './postal-address.ts';
import { roundedShare } from './rounding.ts';
import { type TaxZone, taxOf } from './tax.ts';

/** A line of an order, of which its amounts are computed. In minor units. */
export interface PricedLine {
  readonly qty: number;
  readonly unitPriceCents: number;
  readonly taxClass: string;
}

/** The parts of a line's price, in minor units. */
export interface LineAmounts {
  readonly discountCents: number;
  readonly taxCents: number;
  /** Millionths; null where it is not taxed. */
  readonly taxRate: number | null;
}

/**
 * What an order costs, in minor units. An added tax is a part of the total beside the other amounts, an included one is a part of them:
 * subtotal − discount + delivery + added tax = total.
 */
export interface OrderAmounts {
  readonly subtotalCents: number;
  readonly discountCents: number;
  readonly deliveryCents: number;
  /** The tax of the lines and of the delivery. */
  readonly taxCents: number;
  /** Null where no tax applies. */
  readonly taxName: string | null;
  readonly taxIncluded: boolean;
  readonly deliveryTaxCents: number;
  readonly deliveryTaxRate: number | null;
  readonly totalCents: number;
}

/** What an order costs, as of a version of the shop's terms. */
export interface Quote {
  readonly version: number;
  /** Its lines with the prices for which it was computed. */
  readonly lines: readonly QuotedLine[];
  readonly delivery: OrderDelivery | DeliveryFault;
  /** Null without a code. */
  readonly discount: Discount | DiscountFault | null;
  /** Null where the delivery or the discount is not possible. */
  readonly amounts: OrderAmounts | null;
}

/** A quote as the input of a workflow records it. The address is that of the request. */
export interface RecordedQuote extends Omit<Quote, 'delivery'> {
  readonly delivery: Omit<OrderDelivery, 'address'> | DeliveryFault;
}

/** Leaves out of a quote what the request contains as well. */
export function recordedQuoteOf({ delivery, ...quote }: Quote): RecordedQuote {
  if (typeof delivery === 'string') return { ...quote, delivery };
  const { address: _, ...recorded } = delivery;
  return { ...quote, delivery: recorded };
}

/** The quote of an input, with the address of its request. */
export function quoteOf({ delivery, ...quote }: RecordedQuote, address: PostalAddress | null): Quote {
  return { ...quote, delivery: typeof delivery === 'string' ? delivery : { ...delivery, address } };
}

/** A line with the price for which its amounts were computed. */
export interface QuotedLine extends LineAmounts {
  readonly sku: string;
  readonly unitPriceCents: number;
  readonly currency: string;
}

/** What decides about the amounts of an order beside its lines. */
export interface Pricing {
  readonly currency: string;
  readonly delivery: { readonly cents: number; readonly taxClass: string };
  readonly discount: Discount | null;
  readonly zone: TaxZone | null;
}

/** Computes what an order costs. Every discount and every tax is rounded half up per line. */
export function amountsOf(
  lines: readonly PricedLine[],
  { currency, delivery, discount, zone }: Pricing,
): OrderAmounts & { readonly lines: readonly LineAmounts[] } {
  const { step } = minorUnitsOf(currency);
  const values = lines.map(({ qty, unitPriceCents }) => qty * unitPriceCents);
  const discounts = discount ? shareDiscount(discount, values, step) : values.map(() => 0);
  const priced = lines.map(({ taxClass }, index): LineAmounts => {
    const discountCents = discounts[index] ?? 0;
    const tax = taxOf(zone, { cents: (values[index] ?? 0) - discountCents, taxClass, step });
    return { discountCents, taxCents: tax.cents, taxRate: tax.rate };
  });
  const deliveryTax = taxOf(zone, { ...delivery, step });
  const subtotalCents = sum(values);
  const discountCents = sum(discounts);
  const taxCents = sum(priced.map((line) => line.taxCents)) + deliveryTax.cents;
  const taxIncluded = zone?.included ?? false;
  return {
    subtotalCents,
    discountCents,
    deliveryCents: delivery.cents,
    taxCents,
    taxName: zone?.name ?? null,
    taxIncluded,
    deliveryTaxCents: deliveryTax.cents,
    deliveryTaxRate: deliveryTax.rate,
    totalCents: subtotalCents - discountCents + delivery.cents + (taxIncluded ? 0 : taxCents),
    lines: priced,
  };
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((all, one) => all + one, 0);
}

/**
 * What comes back for units of a line that are refunded after others, in minor units. Whoever refunds a line in parts gets exactly what was
 * paid for it.
 * @param paidCents for the whole line, with its discount and its added tax
 * @param units how many of its units were refunded before, how many are now, and how many it has
 */
export function refundOfUnits(
  paidCents: number,
  units: { readonly before: number; readonly now: number; readonly all: number },
  currency: string,
): number {
  const { step } = minorUnitsOf(currency);
  const upTo = (count: number) => roundedShare(paidCents, count, units.all, step);
  return upTo(units.before + units.now) - upTo(units.before);
}
