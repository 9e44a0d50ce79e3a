import type { OrderOfBrowser, OrderSummary } from '../database/queries/orders.ts';
import { formatMoney } from '../shared/money.ts';
import { progressView } from './progress-view.ts';
import { shownTime } from './times.ts';
import { itemWords, orderWords, statusWords, words } from './words.ts';

/**
 * Orders of everybody, for everybody: nothing personal is in them, and no address.
 * @param names the names of their first products, by id
 */
export function recentOrdersView(
  orders: readonly OrderSummary[],
  names: ReadonlyMap<number, string>,
  now: Date,
) {
  return orders.map((order) => ({
    id: order.orderId,
    name: orderWords(order.orderId),
    product: names.get(order.productId) ?? null,
    status: order.status,
    ...statusWords[order.status],
    progress: progressView(order, now),
    time: shownTime(order.createdAt, now),
  }));
}

/**
 * The list of the orders of one browser.
 * @param browser.isKnown whether the browser has an id
 * @param browser.isForgotten whether it was just forgotten
 */
export function yourOrdersView(
  orders: readonly OrderOfBrowser[],
  { isKnown, isForgotten }: { readonly isKnown: boolean; readonly isForgotten: boolean },
  now: Date,
) {
  const message = isForgotten && !isKnown ? words.yourOrders.forgotten : null;
  return {
    // Screen readers read the title first, so it starts with what has changed.
    title: message ?? words.yourOrders.title,
    message,
    canForget: isKnown,
    orders: orders.map((order) => ({
      name: orderWords(order.orderId),
      token: order.token,
      items: order.items.map(({ product, quantity }) => itemWords(product, quantity)).join(', '),
      total: formatMoney({ cents: order.totalCents, currency: order.currency }),
      status: order.status,
      ...statusWords[order.status],
      time: shownTime(order.createdAt, now),
    })),
  };
}
