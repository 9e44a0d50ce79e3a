import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '../database/connection.ts';
import { type PricedProduct, readCheckout } from '../database/queries/checkouts.ts';
import { readOrderDetails } from '../database/queries/order-details.ts';
import { findOrderBy, type OrderWithPayment } from '../database/queries/orders.ts';
import { firstProduct } from '../database/queries/products.ts';
import { refuseOrder } from '../database/transactions/refuse-order.ts';
import { type Quote, recordedQuoteOf } from '../domain/amounts.ts';
import type { DeliveryRequest } from '../domain/delivery.ts';
import { ShopError } from '../domain/errors.ts';
import {
  type Blocker,
  blockerOf,
  largestTotalCents,
  maxItems,
  maxQuantity,
  requestWaitMs,
} from '../domain/limits.ts';
import {
  type BuyerDetails,
  currencyOf,
  type Item,
  mergeItems,
  noBuyerDetails,
  type Placement,
  type StockLine,
} from '../domain/order.ts';
import { quoteOrder, termsChoicesOf, type WeighedLine } from '../domain/terms.ts';
import { statementsOf } from '../shared/statement.ts';
import type { StartCheckoutWorkflow } from '../workflows/checkout.ts';
import type { CheckoutAnswers, WaitingRequest } from '../workflows/checkout-answers.ts';
import { type Client, type ClientSettings, clientHashesOf } from './clients.ts';

export interface CheckoutRequest {
  readonly key: string;
  /** Null buys one unit of the first product. */
  readonly items: readonly Item[] | null;
  readonly buyer?: BuyerDetails;
  /** The total that the shopper was shown, in minor units. */
  readonly amount?: number | undefined;
  /** The currency in which it was shown; undefined where that is unknown. */
  readonly currency?: string;
  /** Without one, the order is delivered in the way that needs no address. */
  readonly delivery?: DeliveryRequest | undefined;
  /** As `readCode` returns it. */
  readonly discountCode?: string | null;
  /** The browser to which the order belongs. */
  readonly browserId?: string;
  /** The pending order whose place it takes (decision 32). */
  readonly changes?: number | undefined;
  /** Who asks, for the limits of what one client may hold. */
  readonly client: Client;
}

/** `waiting`: the payment session is not there yet; the order's page will show it. */
export type CheckoutAnswer =
  | { readonly outcome: 'ready'; readonly first: boolean; readonly order: OrderWithPayment }
  | { readonly outcome: 'waiting'; readonly order: OrderWithPayment };

/**
 * Starts the checkout of a key, or finds it, and waits for its payment session.
 * @throws ShopError `invalid_input`, `unknown_product`, `key_reused`, `out_of_stock`, `price_changed`, `hold_limit`,
 *   `delivery_unavailable`, `code_unavailable`, `payment_unavailable`; `timeout` when not even the order was placed in time, and asking again is safe.
 */
export type StartCheckout = (request: CheckoutRequest) => Promise<CheckoutAnswer>;

const pollEveryMs = 1_000;

/** Makes the function that starts checkouts. */
export function createStartCheckout(
  database: Database,
  startWorkflow: StartCheckoutWorkflow,
  answers: CheckoutAnswers,
  settings: Pick<ClientSettings, 'holdSeconds' | 'clientSecret'>,
): StartCheckout {
  return async (request) => {
    const items = mergeItems(request.items ?? [{ sku: await firstSku(database), qty: 1 }]);
    const buyer = request.buyer ?? noBuyerDetails;
    const order = {
      checkoutKey: request.key,
      items,
      ...buyer,
      browserId: request.browserId ?? null,
      shownCents: request.amount ?? null,
      holdSeconds: settings.holdSeconds,
      ...(request.delivery && { delivery: request.delivery }),
      ...(request.discountCode && { discountCode: request.discountCode }),
    };
    const { delivery = null, discountCode = null } = request;
    const given = { ...buyer, delivery, discountCode };
    const requestHash = requestHashOf(items, given, order.shownCents);
    const { clientSecret } = settings;
    const clients = clientSecret !== null && {
      clients: clientHashesOf(clientSecret, request.client, buyer.email),
    };
    const waiting = answers.subscribe(request.key);
    try {
      const skus = items.map(({ sku }) => sku);
      const { known, products, terms } = await readCheckout(database, request.key, skus, {
        ...termsChoicesOf(order),
        changes: request.changes ?? null,
      });
      const requestId = randomUUID();
      // Only for a new key: the answer of a known one stays the same when the products change.
      if (!known) {
        const lines = stockLines(items, products);
        if (request.currency !== undefined && request.currency !== currencyOf(lines)) {
          throw new ShopError('price_changed', 'The currency has changed. Nothing was reserved.');
        }
        const quote = quoteOrder(terms, order, lines);
        checkDiscount(quote);
        checkTotal(quote);
        const placing = {
          order: { ...withNeededAddress(order, quote), requestHash },
          requestId,
          ...clients,
          ...(request.changes !== undefined && { changes: request.changes }),
        };
        if (await isRefusedAtOnce(database, placing, { lines, quote })) answers.notify(request.key);
        else await startWorkflow({ ...placing, quote: recordedQuoteOf(quote), version: 1 });
      }
      // Undecided while its payment session is still being opened, for this request or for another one.
      const isDecided = known && (known.requestHash !== requestHash || isAnswered(known));
      const placed = isDecided ? known : await placedOrder(database, request.key, waiting);
      return await answer(database, placed, requestHash, placed.requestId === requestId);
    } finally {
      waiting.close();
    }
  };
}

/** Leaves the address out of an order whose delivery needs none. */
function withNeededAddress<Order extends { readonly delivery?: DeliveryRequest }>(
  order: Order,
  { delivery }: Quote,
): Order {
  if (!order.delivery || typeof delivery === 'string') return order;
  return { ...order, delivery: { ...order.delivery, address: delivery.address } };
}

/**
 * Records a sold-out order, or one that cannot be delivered, as refused without a workflow, unless its key is used already. Under load, late
 * requests are answered soon and do not delay those that can still be served. No address is kept.
 */
async function isRefusedAtOnce(
  database: Database,
  placing: Placement,
  { lines, quote }: { readonly lines: readonly StockLine[]; readonly quote: Quote },
): Promise<boolean> {
  // A change may order the units that the changed order holds.
  const isEnough = placing.changes !== undefined || lines.every(({ qty, available }) => available >= qty);
  if (typeof quote.delivery !== 'string' && isEnough) return false;
  const refused = { lines, exceeded: null, codeFault: null, quote, address: null };
  await refuseOrder(statementsOf(database), placing, refused);
  return true;
}

function isAnswered(order: OrderWithPayment): boolean {
  return order.status !== 'pending' || order.sessionId !== null;
}

/**
 * The order of a key once it can be answered, or as it is after eight seconds.
 * @throws ShopError `timeout` when it is not even placed by then
 */
async function placedOrder(
  database: Database,
  key: string,
  waiting: WaitingRequest,
): Promise<OrderWithPayment> {
  let placed: OrderWithPayment | undefined;
  for (let waitedMs = 0; waitedMs < requestWaitMs; waitedMs += pollEveryMs) {
    placed = (await waiting.next(pollEveryMs)) ?? (await findOrderBy(database, { checkout_key: key }));
    if (placed && isAnswered(placed)) return placed;
  }
  if (placed) return placed;
  throw new ShopError('timeout', 'The order is not placed yet. Ask again with the same key.');
}

async function firstSku(database: Database): Promise<string> {
  const product = await firstProduct(database);
  if (!product) throw new ShopError('unknown_product', 'The catalogue is empty.');
  return product.sku;
}

/**
 * The items with their products.
 * @throws ShopError `unknown_product` or `invalid_input` when the items cannot be ordered together
 */
function stockLines(items: readonly Item[], products: readonly PricedProduct[]): (StockLine & WeighedLine)[] {
  const skus = items.map(({ sku }) => sku).filter((sku) => !products.some((product) => product.sku === sku));
  if (skus.length > 0) {
    throw new ShopError('unknown_product', `There is no product ${skus.join(', ')}.`, { skus });
  }
  const lines = products.map((product) => ({
    ...product,
    qty: items.find(({ sku }) => sku === product.sku)?.qty ?? 0,
  }));
  const blocker = blockerOf(lines);
  if (blocker) throw blockedItems(blocker);
  return lines;
}

/**
 * A code that gives no discount is refused before anything is recorded, so that the same key can be used with another one.
 * @throws ShopError `code_unavailable`
 */
function checkDiscount({ discount }: Quote): void {
  if (typeof discount === 'string') throw codeUnavailable({ fault: discount });
}

function codeUnavailable(details: ShopError['details']): ShopError {
  return new ShopError(
    'code_unavailable',
    'The discount code cannot be used. Nothing was reserved.',
    details,
  );
}

/** @throws ShopError `invalid_input` when the total is more than one payment can be, or nothing */
function checkTotal({ amounts }: Quote): void {
  if (amounts && amounts.totalCents > largestTotalCents) throw blockedItems('too_much');
  if (amounts && amounts.totalCents === 0) throw blockedItems('nothing');
}

function blockedItems(blocker: Blocker): ShopError {
  const message = `items: ${blockerMessages[blocker]}`;
  return new ShopError('invalid_input', message, { issues: [{ field: 'items', message }] });
}

const blockerMessages: Readonly<Record<Blocker, string>> = {
  too_many_products: `at most ${maxItems} products in one order`,
  too_many_units: `at most ${maxQuantity} of one product in one order`,
  currencies: 'products in different currencies need an order each',
  bad_price: 'the payment provider does not take the price of a product, or its currency',
  nothing: 'an order for nothing cannot be paid',
  too_much: 'the total is more than one payment can be',
};

/**
 * The hash by which a repeated key is compared with its first request. Fields that the buyer left out are left out here as well, so that
 * a field that a later release adds does not change the hash of an earlier request.
 */
export function requestHashOf(
  items: readonly Item[],
  buyer: BuyerDetails & { readonly delivery?: DeliveryRequest | null; readonly discountCode?: string | null },
  shownCents: number | null,
): string {
  const given = Object.entries(buyer).filter(([, value]) => value !== null);
  const request = JSON.stringify([items, Object.fromEntries(given), shownCents]);
  return createHash('sha256').update(request).digest('hex');
}

/** Answers from the order's row. The notification that woke the request may be outdated. */
async function answer(
  database: Database,
  order: OrderWithPayment,
  requestHash: string,
  first: boolean,
): Promise<CheckoutAnswer> {
  if (order.requestHash !== requestHash) {
    throw new ShopError('key_reused', 'This key belongs to another checkout. Use a fresh key for a new one.');
  }
  if (order.sessionId !== null) return { outcome: 'ready', first, order };
  if (order.status !== 'cancelled') return { outcome: 'waiting', order };
  throw await refusal(database, order);
}

async function refusal(database: Database, order: OrderWithPayment): Promise<ShopError> {
  const { orderId } = order;
  const { history = [] } = (await readOrderDetails(database, { orderId })) ?? {};
  const details = { order_id: orderId, ...history.find(({ what }) => what === 'cancelled')?.detail };
  switch (order.reason) {
    case 'out_of_stock':
      return new ShopError('out_of_stock', 'There is not enough in stock. Nothing was reserved.', details);
    case 'price_changed':
      return new ShopError('price_changed', 'The price has changed. Nothing was reserved.', details);
    case 'hold_limit':
      return new ShopError(
        'hold_limit',
        'That is more than one client may hold at once. Nothing was reserved. Order fewer units, or pay or cancel what waits for payment.',
        details,
      );
    case 'delivery_unavailable':
      return new ShopError(
        'delivery_unavailable',
        'The order cannot be delivered in that way. Nothing was reserved.',
        details,
      );
    case 'code_unavailable':
      return codeUnavailable(details);
    // Only the shop's own page changes orders, and reads the reason itself (order-cart.ts).
    case 'changed_order_paid':
    case 'change_unavailable':
    case 'payment_unavailable':
    case 'payment_ended':
    case 'hold_expired':
    case 'cancelled_by_shopper':
    case 'changed_by_shopper':
    case null:
      return new ShopError(
        'payment_unavailable',
        'The payment could not be opened, so the order was cancelled. Nothing was charged.',
        details,
      );
  }
}
