import type { OrderAmounts } from '../domain/amounts.ts';
import { formatMoney } from '../shared/money.ts';
import { addedTaxWords, discountWords, includedTaxWords, words } from './words.ts';

/** A part of a total. */
export interface AmountRow {
  readonly label: string;
  readonly amount: string;
}

/** What an order costs, and where its tax comes from. */
export interface AmountsSource extends OrderAmounts {
  readonly currency: string;
  readonly discountCode: string | null;
  readonly deliveryName: string | null;
  readonly lines: readonly { readonly taxCents: number; readonly taxRate: number | null }[];
}

/** What an order costs, as every page and message shows it. */
export interface AmountsView {
  /** What the total is made of; empty where it is the products alone. */
  readonly rows: readonly AmountRow[];
  readonly total: string;
  /** The taxes that the total contains. */
  readonly included: readonly AmountRow[];
}

/** The parts of a total, in the order in which they add up to it. */
export function amountsView(source: AmountsSource): AmountsView {
  const money = (cents: number) => formatMoney({ cents, currency: source.currency });
  const { discountCents, deliveryCents, taxIncluded } = source;
  const taxes = taxesOf(source).map(({ rate, cents }) => ({
    label: (taxIncluded ? includedTaxWords : addedTaxWords)(source.taxName ?? '', rate),
    amount: money(cents),
  }));
  const rows = [
    ...(discountCents > 0
      ? [{ label: discountWords(source.discountCode ?? ''), amount: money(-discountCents) }]
      : []),
    ...deliveryRows(source.deliveryName, deliveryCents > 0 ? money(deliveryCents) : words.checkout.free),
    ...(taxIncluded ? [] : taxes),
  ];
  const subtotal = { label: words.order.subtotal, amount: money(source.subtotalCents) };
  return {
    rows: rows.length > 0 ? [subtotal, ...rows] : [],
    total: money(source.totalCents),
    included: taxIncluded ? taxes : [],
  };
}

/** A delivery that costs nothing is named as well. */
function deliveryRows(name: string | null, amount: string): AmountRow[] {
  return name === null ? [] : [{ label: name, amount }];
}

/** The taxes by rate, the highest first. */
function taxesOf({ lines, deliveryTaxCents, deliveryTaxRate }: AmountsSource) {
  const byRate = new Map<number, number>();
  for (const { taxCents, taxRate } of [...lines, { taxCents: deliveryTaxCents, taxRate: deliveryTaxRate }]) {
    if (taxRate !== null) byRate.set(taxRate, (byRate.get(taxRate) ?? 0) + taxCents);
  }
  return [...byRate]
    .map(([rate, cents]) => ({ rate, cents }))
    .filter(({ cents }) => cents > 0)
    .toSorted((a, b) => b.rate - a.rate);
}
