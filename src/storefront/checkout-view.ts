import type { PendingOrder } from '../database/queries/orders.ts';
import type { CheckedCart } from '../domain/cart.ts';
import { type BuyerDetails, buyerFields } from '../domain/order.ts';
import { type CartLineView, cartLineView, type PendingView, pendingOf, totalOf } from './cart-view.ts';
import { blockerWords, holdPromise, words } from './words.ts';

/** A fault of a submitted checkout: of one field, or of the items. */
export interface CheckoutFault {
  readonly field: keyof BuyerDetails | 'items';
  readonly text: string;
}

export interface CheckoutSource {
  readonly cart: CheckedCart;
  /** The key under which this content of the cart is ordered. */
  readonly key: string;
  readonly pending: readonly PendingOrder[];
  /** The buyer's fields as they were typed. */
  readonly typed: Readonly<Record<keyof BuyerDetails, string>>;
  /** False where no messages are sent. */
  readonly asksEmail: boolean;
  readonly holdSeconds: number;
  readonly faults: readonly CheckoutFault[];
}

export interface CheckoutView {
  readonly title: string;
  readonly key: string;
  /** Names what is shown; see `domain/cart.ts`. */
  readonly fingerprint: string;
  readonly total: string | null;
  /** Why it cannot be ordered; null when it can. */
  readonly blocker: string | null;
  readonly lines: readonly CartLineView[];
  readonly missing: readonly CartLineView[];
  readonly asksEmail: boolean;
  readonly typed: CheckoutSource['typed'];
  /** The text of the fault of each of the buyer's fields; null where it has none. */
  readonly faultOf: Readonly<Record<keyof BuyerDetails, string | null>>;
  readonly holdPromise: string;
  readonly pending: readonly PendingView[];
  readonly faults: readonly CheckoutFault[];
}

/** The model of the review before paying. */
export function checkoutView(source: CheckoutSource, now: Date): CheckoutView {
  const { cart, key, faults } = source;
  const { title } = words.checkout;
  return {
    title: faults[0] ? `${faults[0].text} ${title}` : title,
    key,
    fingerprint: cart.reviewFingerprint,
    total: totalOf(cart),
    blocker: cart.blocker && blockerWords[cart.blocker],
    lines: cart.lines.filter(({ qty }) => qty > 0).map(cartLineView),
    missing: cart.lines.filter(({ qty }) => qty === 0).map(cartLineView),
    asksEmail: source.asksEmail,
    typed: source.typed,
    faultOf: faultsOf(faults),
    holdPromise: holdPromise(source.holdSeconds),
    pending: pendingOf(source.pending, key, now).others,
    faults,
  };
}

function faultsOf(faults: readonly CheckoutFault[]): CheckoutView['faultOf'] {
  const texts = buyerFields.map((name) => [name, faults.find(({ field }) => field === name)?.text ?? null]);
  return Object.fromEntries(texts);
}
