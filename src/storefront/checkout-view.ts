import type { ChangedOrder } from '../database/queries/carts.ts';
import type { PendingOrder } from '../database/queries/orders.ts';
import type { CheckedCart } from '../domain/cart.ts';
import { type DeliveryMethod, deliveryPrice, type Parcel } from '../domain/delivery.ts';
import { type BuyerDetails, buyerFields } from '../domain/order.ts';
import { addressFields, listCountries, type PostalAddress } from '../domain/postal-address.ts';
import { parcelOf, reviewFingerprintOf, type Terms } from '../domain/terms.ts';
import { formatMoney } from '../shared/money.ts';
import { type CartLineView, cartLineView, type PendingView, pendingOf, totalOf } from './cart-view.ts';
import { blockerWords, changingWords, deliveryHint, holdPromise, orderWords, words } from './words.ts';

/** The fields of a checkout. */
type Field = keyof BuyerDetails | keyof PostalAddress | 'delivery';

/** A fault of a submitted checkout: of one field, or of the items. */
export interface CheckoutFault {
  readonly field: Field | 'items';
  readonly text: string;
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
  readonly total: string;
}

export interface CheckoutView {
  readonly title: string;
  readonly key: string;
  /** Names what is shown; see `domain/cart.ts`. */
  readonly fingerprint: string;
  /** What the products come to. */
  readonly subtotal: string | null;
  /** The total, where it does not depend on a choice. */
  readonly total: string | null;
  /** Empty where there is nothing to choose. */
  readonly deliveries: readonly DeliveryChoice[];
  readonly needsAddress: boolean;
  /** The countries of all methods. */
  readonly countries: readonly { readonly code: string; readonly name: string; readonly chosen: boolean }[];
  /** Why it cannot be ordered; null when it can. */
  readonly blocker: string | null;
  readonly lines: readonly CartLineView[];
  readonly missing: readonly CartLineView[];
  readonly asksEmail: boolean;
  readonly typed: CheckoutSource['typed'];
  /** The text of the fault of each field; null where it has none. */
  readonly faultOf: Readonly<Record<Field, string | null>>;
  readonly holdPromise: string;
  /** The pending order whose place it takes, by its number, and what that means; null without one. */
  readonly changing: { readonly orderId: number; readonly text: string } | null;
  readonly pending: readonly PendingView[];
  readonly faults: readonly CheckoutFault[];
}

/** The model of the review before paying. */
export function checkoutView(source: CheckoutSource, now: Date): CheckoutView {
  const { cart, key, faults, terms } = source;
  const parcel = parcelOf(cart.lines.filter(({ qty }) => qty > 0));
  const possible = possibleDeliveries(terms, parcel);
  const deliveries = choicesOf(possible, parcel, source.typed);
  const { title } = words.checkout;
  return {
    title: faults[0] ? `${faults[0].text} ${title}` : title,
    key,
    fingerprint: reviewFingerprintOf(cart, terms),
    subtotal: totalOf(cart),
    total: deliveries.length > 0 ? null : totalOf(cart),
    deliveries,
    needsAddress: deliveries.some(({ needsAddress }) => needsAddress),
    countries: countriesOf(source),
    blocker: blockerOf(cart, possible),
    lines: cart.lines.filter(({ qty }) => qty > 0).map(cartLineView),
    missing: cart.lines.filter(({ qty }) => qty === 0).map(cartLineView),
    asksEmail: source.asksEmail,
    typed: source.typed,
    faultOf: faultsOf(faults),
    holdPromise: holdPromise(source.holdSeconds),
    changing: changingOf(source),
    pending: pendingOf(source.pending, source, now).others,
    faults,
  };
}

function changingOf({ changes, pending }: CheckoutSource): CheckoutView['changing'] {
  const changing = pending.find(({ orderId }) => orderId === changes?.orderId);
  if (!changing) return null;
  return { orderId: changing.orderId, text: changingWords.review(orderWords(changing.orderId)) };
}

function blockerOf({ blocker }: CheckedCart, possible: readonly PossibleDelivery[]): string | null {
  if (blocker !== null) return blockerWords[blocker];
  return possible.length === 0 ? words.checkout.undeliverable : null;
}

interface PossibleDelivery extends DeliveryMethod {
  readonly cents: number;
}

/** The ways in which a parcel can be delivered, with their prices. */
function possibleDeliveries({ methods }: Terms, parcel: Parcel): PossibleDelivery[] {
  return methods.flatMap((method) => {
    const cents = deliveryPrice(method, parcel);
    return cents === null ? [] : [{ ...method, cents }];
  });
}

/** The ways to choose from; none when the only one is free and needs no address. */
function choicesOf(
  possible: readonly PossibleDelivery[],
  parcel: Parcel,
  typed: CheckoutSource['typed'],
): DeliveryChoice[] {
  const [first] = possible;
  if (!first || (possible.length === 1 && first.cents === 0 && !first.needsAddress)) return [];
  const chosen = possible.find(({ method }) => method === typed.delivery) ?? first;
  const money = (cents: number) => formatMoney({ cents, currency: parcel.currency });
  return possible.map((choice) => ({
    method: choice.method,
    name: choice.name,
    chosen: choice === chosen,
    needsAddress: choice.needsAddress,
    price: choice.cents === 0 ? words.checkout.free : money(choice.cents),
    hint: deliveryHint(choice),
    total: money(parcel.subtotalCents + choice.cents),
  }));
}

function countriesOf({ terms, typed }: CheckoutSource): CheckoutView['countries'] {
  const delivering = terms.methods.filter(({ needsAddress }) => needsAddress);
  const everywhere = delivering.some(({ countries }) => countries.length === 0);
  const codes = everywhere ? [] : delivering.flatMap(({ countries }) => countries);
  if (delivering.length === 0) return [];
  return listCountries(codes).map((country) => ({ ...country, chosen: country.code === typed.country }));
}

function faultsOf(faults: readonly CheckoutFault[]): CheckoutView['faultOf'] {
  const fields: readonly Field[] = [...buyerFields, ...addressFields, 'delivery'];
  const texts = fields.map((name) => [name, faults.find(({ field }) => field === name)?.text ?? null]);
  return Object.fromEntries(texts);
}
