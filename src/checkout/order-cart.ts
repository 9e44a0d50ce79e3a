import type { Database } from '../database/connection.ts';
import { readCart } from '../database/queries/carts.ts';
import {
  findOrder,
  findOrderBy,
  listPendingOrders,
  type OrderWithPayment,
} from '../database/queries/orders.ts';
import { checkCart } from '../domain/cart.ts';
import type { DeliveryFault, DeliveryRequest } from '../domain/delivery.ts';
import type { DiscountFault } from '../domain/discount.ts';
import { type Blocker, largestTotalCents, maxPendingOrders } from '../domain/limits.ts';
import { type BuyerDetails, buyerFields, type CancelReason, type OrderStatus } from '../domain/order.ts';
import { addressFields } from '../domain/postal-address.ts';
import { quoteOrder, reviewFingerprintOf, type Terms } from '../domain/terms.ts';
import type { StartCheckout } from './start-checkout.ts';

export interface OrderCartOptions {
  readonly database: Database;
  readonly startCheckout: StartCheckout;
  /**
   * Replaces the buyer's fields of a pending order of a browser, unless they were corrected on the page of the order.
   * @returns whether the order has them now
   */
  readonly correctBuyer: (order: { browserId: string; key: string; buyer: BuyerDetails }) => Promise<boolean>;
}

/** A shopper's request to order the cart that the review showed. */
export interface CartOrderRequest {
  readonly browserId: string;
  /** Its network, see `clientAddressOf` in http/client-address.ts. */
  readonly network: string;
  /** The key of the cart's content. */
  readonly key: string;
  readonly reviewFingerprint: string;
  /** The order whose place it takes, as the review said; null when it said nothing. */
  readonly changes: number | null;
  readonly buyer: BuyerDetails;
  readonly delivery: DeliveryRequest;
  /** As `readCode` returns it. */
  readonly discountCode: string | null;
  /** The total that the review showed for its delivery, in minor units; undefined for a page that named none. */
  readonly shownCents: number | undefined;
  /** Those under which its delivery was read. */
  readonly terms: Terms;
}

/** Why a cart was not ordered; a `CancelReason` when the order of its key was cancelled. */
export type CartRefusal =
  | 'cart_changed'
  | 'review_changed'
  | 'total_changed'
  | 'too_many_pending'
  | DeliveryFault
  | DiscountFault
  | Blocker
  | CancelReason;

/** What an order keeps although its cart was sent again with something else. */
export type KeptPart = 'delivery' | 'code' | 'email';

/** `unchanged`: the address of an order that was paid before the cart could take its place. */
export type CartOutcome =
  | { readonly order: OrderWithPayment; readonly kept?: readonly KeptPart[] }
  | { readonly unchanged: string }
  | { readonly refused: CartRefusal };

/**
 * Orders the cart of a browser exactly as its review showed it, or finds the order that it has already become. `kept`: the parts of that
 * order that are others than this request asks for, because its payment session is for them, or its page has corrected them.
 * @throws ShopError when the checkout is refused, see `StartCheckout`
 */
export async function orderCart(
  { database, startCheckout, correctBuyer }: OrderCartOptions,
  request: CartOrderRequest,
): Promise<CartOutcome> {
  const { browserId, network, key, reviewFingerprint, buyer, delivery, discountCode, shownCents, terms } =
    request;
  const known = await findOrderBy(database, { checkout_key: key });
  // A second click, a reload or another tab finds the same order.
  if (known?.browserId === browserId && known.reason !== 'changed_order_paid') {
    if (known.status === 'cancelled') return { refused: known.reason ?? 'payment_ended' };
    const isSameBuyer = buyerFields.every((field) => known[field] === buyer[field]);
    const hasBuyer = isSameBuyer || (await correctBuyer({ browserId, key, buyer }));
    return { order: known, kept: keptParts(known, request, hasBuyer) };
  }
  // The shopper meant to change an order, and not to place another one.
  const shown = request.changes === null ? undefined : await findOrder(database, request.changes);
  if (shown?.browserId === browserId && isPaid(shown.status)) return { unchanged: shown.token };
  const cart = await readCart(database, browserId);
  const checked = checkCart(cart?.lines ?? []);
  if (cart?.checkoutKey !== key) return { refused: 'cart_changed' };
  if (reviewFingerprintOf(checked, terms) !== reviewFingerprint) return { refused: 'review_changed' };
  if (checked.blocker !== null) return { refused: checked.blocker };
  const ordered = checked.lines.filter(({ qty }) => qty > 0);
  const quote = quoteOrder(terms, { delivery, discountCode, email: buyer.email }, ordered);
  if (typeof quote.delivery === 'string') return { refused: quote.delivery };
  if (typeof quote.discount === 'string') return { refused: quote.discount };
  const amount = quote.amounts?.totalCents ?? 0;
  if (amount === 0) return { refused: 'nothing' };
  if (amount > largestTotalCents) return { refused: 'too_much' };
  if (shownCents !== undefined && amount !== shownCents) return { refused: 'total_changed' };
  const pending = await listPendingOrders(database, browserId);
  const changed = pending.find(({ orderId }) => orderId === cart.changes?.orderId);
  if (pending.filter((order) => order !== changed).length >= maxPendingOrders) {
    return { refused: 'too_many_pending' };
  }
  const { items, currency } = checked;
  const client = { network, browserId };
  const placing = {
    key,
    items,
    amount,
    currency,
    browserId,
    buyer,
    delivery,
    discountCode,
    client,
    changes: changed?.orderId,
  };
  try {
    const { order } = await startCheckout(placing);
    return { order };
  } catch (error) {
    const placed = changed && (await findOrderBy(database, { checkout_key: key }));
    if (changed && placed?.reason === 'changed_order_paid') return { unchanged: changed.token };
    if (placed?.reason === 'change_unavailable') return { refused: placed.reason };
    throw error;
  }
}

function isPaid(status: OrderStatus): boolean {
  return status !== 'pending' && status !== 'cancelled';
}

function keptParts(
  order: OrderWithPayment,
  { delivery, discountCode, buyer: { email } }: CartOrderRequest,
  hasBuyer: boolean,
): KeptPart[] {
  // A shop that sends no messages asks for no address.
  const keepsEmail = !hasBuyer && email !== null && email !== order.email;
  return [
    ...(isDelivered(order, delivery) ? [] : (['delivery'] as const)),
    ...(order.discountCode === discountCode ? [] : (['code'] as const)),
    ...(keepsEmail ? (['email'] as const) : []),
  ];
}

/** Whether an order is delivered as a request asks. Without a method or an address, as for a method that was removed, that part is equal. */
function isDelivered(order: OrderWithPayment, { method, address }: DeliveryRequest): boolean {
  const isSameMethod = method === null ? order.address === null : method === order.deliveryMethod;
  // An order from before there were deliveries has none.
  if (!isSameMethod && order.deliveryMethod !== null) return false;
  return address === null || addressFields.every((field) => address[field] === order.address?.[field]);
}
