import type { OrderWithPayment } from '../database/queries/orders.ts';
import type { CheckedCart } from '../domain/cart.ts';
import { formatMoney } from '../domain/money.ts';
import { type CartLineView, cartLineView } from './cart-view.ts';
import { type PendingView, pendingOf } from './pending-view.ts';
import { holdPromise, words } from './words.ts';

/** What is wrong with a checkout as it was sent: with a field of it, or with all of it. */
export interface CheckoutFault {
  readonly field: 'email' | 'things';
  readonly text: string;
}

export interface CheckoutSource {
  readonly cart: CheckedCart;
  /** The key under which this content of the cart is ordered. */
  readonly key: string;
  readonly pending: readonly OrderWithPayment[];
  readonly email: string;
  /** False where no messages are sent. */
  readonly asksEmail: boolean;
  readonly holdSeconds: number;
  readonly faults: readonly CheckoutFault[];
}

export interface CheckoutView {
  readonly title: string;
  readonly key: string;
  /** The total that is shown, in minor units. */
  readonly amount: number;
  readonly total: string;
  readonly lines: readonly CartLineView[];
  readonly missing: readonly CartLineView[];
  readonly asksEmail: boolean;
  readonly email: string;
  readonly emailFault: string | null;
  readonly holdPromise: string;
  /** The order that this very cart has already become; then there is nothing to order, only to pay. */
  readonly ordered: PendingView | null;
  readonly pending: readonly PendingView[];
  readonly faults: readonly CheckoutFault[];
}

/** What the review before paying shows. */
export function checkoutView(source: CheckoutSource, now: Date): CheckoutView {
  const { cart, key, faults } = source;
  const { ordered, others } = pendingOf(source.pending, key, now);
  const { title } = words.checkout;
  return {
    title: faults[0] ? `${faults[0].text} ${title}` : title,
    key,
    amount: cart.totalCents,
    total: formatMoney({ cents: cart.totalCents, currency: cart.currency }),
    lines: cart.lines.filter(({ qty }) => qty > 0).map(cartLineView),
    missing: cart.lines.filter(({ qty }) => qty === 0).map(cartLineView),
    asksEmail: source.asksEmail,
    email: source.email,
    emailFault: faults.find(({ field }) => field === 'email')?.text ?? null,
    holdPromise: holdPromise(source.holdSeconds),
    ordered,
    pending: others,
    faults,
  };
}
