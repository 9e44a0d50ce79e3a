import type { OrderWithPayment } from '../database/queries/orders.ts';
import type { CheckedCart, CheckedLine } from '../domain/cart.ts';
import { formatMoney } from '../domain/money.ts';
import { type PendingView, pendingOf } from './pending-view.ts';
import { cartNotes, words } from './words.ts';

/** One product of a cart, on the cart's page and in the review. */
export interface CartLineView {
  readonly sku: string;
  readonly name: string;
  readonly image: string;
  readonly quantity: number;
  /** What was asked for, of which there may be less. */
  readonly wanted: number;
  readonly unit: string;
  readonly sum: string;
  /** What changed since it was put into the cart. */
  readonly notes: readonly string[];
}

/** What the last change of the cart did, and how to undo it. */
export interface CartSaid {
  readonly text: string;
  readonly undo: { readonly sku: string; readonly quantity: number } | null;
}

export interface CartSource {
  readonly cart: CheckedCart;
  /** The key under which this content of the cart is ordered; empty for an empty cart. */
  readonly key: string;
  /** Orders of this browser that wait for their payment. */
  readonly pending: readonly OrderWithPayment[];
  readonly said: CartSaid | null;
  readonly fault: string | null;
}

export interface CartView {
  readonly title: string;
  readonly lines: readonly CartLineView[];
  readonly total: string;
  /** Something in it can be ordered. */
  readonly orderable: boolean;
  /** Why it cannot be. */
  readonly obstacle: string | null;
  /** The order that this very cart has already become: there is nothing to check out, only to pay. */
  readonly ordered: PendingView | null;
  /** The other orders that wait for their payment. */
  readonly pending: readonly PendingView[];
  readonly said: CartSaid | null;
  readonly fault: string | null;
}

/** What the cart's page shows. */
export function cartView({ cart, key, said, fault, ...source }: CartSource, now: Date): CartView {
  const { ordered, others } = pendingOf(source.pending, key, now);
  const obstacle = obstacleOf(cart);
  return {
    title: words.cart.title,
    lines: cart.lines.map(cartLineView),
    total: formatMoney({ cents: cart.totalCents, currency: cart.currency }),
    orderable: obstacle === null && cart.lines.length > 0,
    obstacle,
    ordered,
    pending: others,
    said,
    fault,
  };
}

function obstacleOf({ lines, items, tooMuch }: CheckedCart): string | null {
  if (lines.length > 0 && items.length === 0) return words.cart.nothingToOrder;
  return tooMuch ? words.cart.tooMuch : null;
}

/** A line with the amounts of now, and with what changed. */
export function cartLineView(line: CheckedLine): CartLineView {
  const money = (cents: number) => formatMoney({ cents, currency: line.currency });
  return {
    sku: line.sku,
    name: line.product,
    image: line.image,
    quantity: line.qty,
    wanted: line.wanted,
    unit: money(line.unitPriceCents),
    sum: money(line.unitPriceCents * line.qty),
    notes: [...stockNotes(line), ...priceNotes(line, money)],
  };
}

function stockNotes({ qty, wanted }: CheckedLine): string[] {
  if (qty === wanted) return [];
  return [qty === 0 ? cartNotes.soldOut : cartNotes.fewer(qty, wanted)];
}

function priceNotes(
  { unitPriceCents, seenPriceCents }: CheckedLine,
  money: (cents: number) => string,
): string[] {
  if (unitPriceCents === seenPriceCents) return [];
  return [cartNotes.price(money(unitPriceCents), money(seenPriceCents))];
}
