import type { ChangedOrder } from '../database/queries/carts.ts';
import type { PendingOrder } from '../database/queries/orders.ts';
import type { CheckedCart, CheckedLine } from '../domain/cart.ts';
import { type DeliveryMethod, deliveryPrice, type Parcel } from '../domain/delivery.ts';
import { type Discount, type DiscountFault, decideDiscount, readCode } from '../domain/discount.ts';
import { largestTotalCents } from '../domain/limits.ts';
import { type BuyerDetails, buyerFields } from '../domain/order.ts';
import { addressFields, listCountries, type PostalAddress, regionCode } from '../domain/postal-address.ts';
import type { TaxPlace } from '../domain/tax.ts';
import { parcelOf, priceOrder, reviewFingerprintOf, type Terms } from '../domain/terms.ts';
import { formatMoney } from '../shared/money.ts';
import { type AmountsView, amountsView } from './amounts-view.ts';
import { type CartLineView, cartLineView, type PendingView, pendingOf, totalOf } from './cart-view.ts';
import {
  blockerWords,
  changingWords,
  deliveryHint,
  discountFaultWords,
  holdPromise,
  orderWords,
  takeEmailWords,
  words,
} from './words.ts';

/** The fields of a checkout. */
type Field = keyof BuyerDetails | keyof PostalAddress | 'delivery' | 'discount_code';

/** A fault of a submitted checkout: of one field, or of the items. */
export interface CheckoutFault {
  readonly field: Field | 'items';
  readonly text: string;
  /** The e-mail address that was probably meant. */
  readonly suggested?: string;
}

export interface CheckoutSource {
  readonly cart: CheckedCart;
  /** The key under which this content of the cart is ordered. */
  readonly key: string;
  readonly pending: readonly PendingOrder[];
  /** The order whose place it takes; null without one. */
  readonly changes: ChangedOrder | null;
  readonly terms: Terms;
  /** The fields as they were typed. */
  readonly typed: Readonly<Record<keyof BuyerDetails | keyof PostalAddress, string>> & {
    readonly delivery: string | null;
    readonly discountCode: string;
  };
  /** False where no messages are sent. */
  readonly asksEmail: boolean;
  readonly holdSeconds: number;
  readonly faults: readonly CheckoutFault[];
}

/** One way to get the order, and what the order comes to with it. */
export interface DeliveryChoice {
  readonly method: string;
  readonly name: string;
  readonly chosen: boolean;
  readonly needsAddress: boolean;
  readonly price: string;
  /** How long it takes, and where it goes; empty when the shop says neither. */
  readonly hint: string;
  readonly amounts: AmountsView;
  /** Said beside a total that may grow. */
  readonly note: string | null;
}

export interface CheckoutView {
  readonly title: string;
  readonly key: string;
  /** Names what is shown; see `domain/cart.ts`. */
  readonly fingerprint: string;
  /** What the products come to. */
  readonly subtotal: string | null;
  /** What the order costs, where that does not depend on a choice. */
  readonly amounts: AmountsView | null;
  /** The totals of all ways to get the order as the page shows them, as `shownTotalOf` reads them. */
  readonly shownTotals: string;
  /** The total, or the tax in it, depends on the address, so a change of it is worth a look. */
  readonly isTaxed: boolean;
  /** The typed code lowers the total. */
  readonly codeApplies: boolean;
  /** Empty where there is nothing to choose. */
  readonly deliveries: readonly DeliveryChoice[];
  readonly needsAddress: boolean;
  /** The countries of the methods that are offered. */
  readonly countries: readonly { readonly code: string; readonly name: string; readonly chosen: boolean }[];
  /** Why it cannot be ordered; null when it can. */
  readonly blocker: string | null;
  readonly lines: readonly CartLineView[];
  readonly missing: readonly CartLineView[];
  readonly asksEmail: boolean;
  readonly typed: CheckoutSource['typed'];
  /** The text of the fault of each field; null where it has none. */
  readonly faultOf: Readonly<Record<Field, string | null>>;
  /** The e-mail address that was probably meant, with the text of its button; null when the typed one looks right. */
  readonly suggestion: { readonly address: string; readonly text: string } | null;
  readonly holdPromise: string;
  /** The pending order whose place it takes, by its number, and what that means; null without one. */
  readonly changing: { readonly orderId: number; readonly text: string } | null;
  readonly pending: readonly PendingView[];
  readonly faults: readonly CheckoutFault[];
}

/** The model of the review before paying. */
export function checkoutView(source: CheckoutSource, now: Date): CheckoutView {
  const { cart, key, terms } = source;
  const ordered = cart.lines.filter(({ qty }) => qty > 0);
  const parcel = parcelOf(ordered);
  const possible = possibleDeliveries(terms, parcel);
  const decided = discountOf(source, parcel);
  const discount = typeof decided === 'string' ? null : decided;
  const faults = withCodeFault(source.faults, decided);
  // As far as one payment can be for it.
  const priced = possible
    .map((delivery) => priceDelivery(source, { delivery, discount, lines: ordered }))
    .filter(({ totalCents }) => totalCents <= largestTotalCents);
  const deliveries = choicesOf(priced, source.typed);
  const { title } = words.checkout;
  return {
    title: faults[0] ? `${faults[0].text} ${title}` : title,
    key,
    fingerprint: reviewFingerprintOf(cart, terms),
    subtotal: totalOf(cart),
    amounts: deliveries.length > 0 ? null : (priced[0]?.amounts ?? null),
    shownTotals: priced.map(({ method, totalCents }) => `${method}:${totalCents}`).join(' '),
    isTaxed: terms.hasTax && deliveries.some(({ needsAddress }) => needsAddress),
    codeApplies: discount !== null,
    deliveries,
    needsAddress: deliveries.some(({ needsAddress }) => needsAddress),
    countries: countriesOf(priced, source.typed),
    blocker: blockerOf(source, { parcel, possible: priced }),
    lines: cart.lines.filter(({ qty }) => qty > 0).map(cartLineView),
    missing: cart.lines.filter(({ qty }) => qty === 0).map(cartLineView),
    asksEmail: source.asksEmail,
    typed: source.typed,
    faultOf: faultsOf(faults),
    suggestion: suggestionOf(faults),
    holdPromise: holdPromise(source.holdSeconds),
    changing: changingOf(source),
    pending: pendingOf(source.pending, source, now).others,
    faults,
  };
}

function suggestionOf(faults: readonly CheckoutFault[]): CheckoutView['suggestion'] {
  const address = faults.find(({ suggested }) => suggested !== undefined)?.suggested;
  return address === undefined ? null : { address, text: takeEmailWords(address) };
}

function changingOf({ changes, pending }: CheckoutSource): CheckoutView['changing'] {
  const changing = pending.find(({ orderId }) => orderId === changes?.orderId);
  if (!changing) return null;
  return { orderId: changing.orderId, text: changingWords.review(orderWords(changing.orderId)) };
}

function blockerOf(
  { cart, terms }: CheckoutSource,
  { parcel, possible }: { readonly parcel: Parcel; readonly possible: readonly PossibleDelivery[] },
): string | null {
  if (cart.blocker !== null) return blockerWords[cart.blocker];
  if (possible.length > 0) return null;
  const isTooMuch = terms.methods.some((method) => deliveryPrice(method, parcel) !== null);
  return isTooMuch ? blockerWords.too_much : words.checkout.undeliverable;
}

interface PossibleDelivery extends DeliveryMethod {
  readonly cents: number;
}

interface PricedDelivery extends PossibleDelivery {
  readonly totalCents: number;
  readonly currency: string;
  readonly amounts: AmountsView;
  readonly note: string | null;
}

/** The discount of the typed code, or why it gives none; null without one. */
function discountOf(
  { terms, typed, asksEmail }: CheckoutSource,
  parcel: Parcel,
): Discount | DiscountFault | null {
  if (readCode(typed.discountCode) === null) return null;
  // The address may still be typed. Without one, the order is refused.
  return decideDiscount(terms.code, parcel, asksEmail);
}

function withCodeFault(
  faults: readonly CheckoutFault[],
  discount: Discount | DiscountFault | null,
): readonly CheckoutFault[] {
  if (typeof discount !== 'string' || faults.some(({ field }) => field === 'discount_code')) return faults;
  return [...faults, { field: 'discount_code', text: discountFaultWords[discount] }];
}

/** What an order costs with one way to get it, for the address as it was typed. */
function priceDelivery(
  { terms, typed }: CheckoutSource,
  order: {
    readonly delivery: PossibleDelivery;
    readonly discount: Discount | null;
    readonly lines: readonly CheckedLine[];
  },
): PricedDelivery {
  const { delivery, discount, lines } = order;
  const place = delivery.needsAddress ? typedPlace(typed) : terms.home;
  const { amounts, lines: parts } = priceOrder(terms, { delivery, discount, place }, lines);
  const { currency } = parcelOf(lines);
  const source = { ...amounts, currency, lines: parts, discountCode: discount?.code ?? null };
  return {
    ...delivery,
    totalCents: amounts.totalCents,
    currency,
    // The choice says that it is free.
    amounts: amountsView({ ...source, deliveryName: delivery.cents > 0 ? delivery.name : null }),
    note: place === null && terms.addsTax ? words.checkout.taxFollows : null,
  };
}

function typedPlace({ country, region }: CheckoutSource['typed']): TaxPlace | null {
  return country === '' ? null : { country, region: regionCode(country, region) ?? '' };
}

/** The total that a review showed for a way to get the order, in minor units; undefined for none. */
export function shownTotalOf(shownTotals: string, method: string | null): number | undefined {
  const totals = new Map(shownTotals.split(' ').map((total) => total.split(':') as [string, string]));
  const shown = method === null ? [...totals.values()][0] : totals.get(method);
  return shown === undefined ? undefined : Number(shown);
}

/** The ways in which a parcel can be delivered, with their prices. */
function possibleDeliveries({ methods }: Terms, parcel: Parcel): PossibleDelivery[] {
  return methods.flatMap((method) => {
    const cents = deliveryPrice(method, parcel);
    return cents === null ? [] : [{ ...method, cents }];
  });
}

/** The ways to choose from; none when the only one is free and needs no address. */
function choicesOf(possible: readonly PricedDelivery[], typed: CheckoutSource['typed']): DeliveryChoice[] {
  const [first] = possible;
  if (!first || (possible.length === 1 && first.cents === 0 && !first.needsAddress)) return [];
  const chosen = possible.find(({ method }) => method === typed.delivery) ?? first;
  return possible.map((choice) => ({
    method: choice.method,
    name: choice.name,
    chosen: choice === chosen,
    needsAddress: choice.needsAddress,
    price: choice.cents === 0 ? words.checkout.free : formatMoney(choice),
    hint: deliveryHint(choice),
    amounts: choice.amounts,
    note: choice.needsAddress ? choice.note : null,
  }));
}

function countriesOf(
  possible: readonly PossibleDelivery[],
  typed: CheckoutSource['typed'],
): CheckoutView['countries'] {
  const delivering = possible.filter(({ needsAddress }) => needsAddress);
  const everywhere = delivering.some(({ countries }) => countries.length === 0);
  const codes = everywhere ? [] : delivering.flatMap(({ countries }) => countries);
  if (delivering.length === 0) return [];
  return listCountries(codes).map((country) => ({ ...country, chosen: country.code === typed.country }));
}

function faultsOf(faults: readonly CheckoutFault[]): CheckoutView['faultOf'] {
  const fields: readonly Field[] = [...buyerFields, ...addressFields, 'delivery', 'discount_code'];
  const texts = fields.map((name) => [name, faults.find(({ field }) => field === name)?.text ?? null]);
  return Object.fromEntries(texts);
}
