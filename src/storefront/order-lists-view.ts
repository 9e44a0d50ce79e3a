import type { OrdersPage, OrderWithItems } from '../database/queries/orders.ts';
import { formatMoney } from '../shared/money.ts';
import { progressView } from './progress-view.ts';
import { longShown } from './times.ts';
import { itemsWords, itemWords, orderWords, statusWordsOf, words, yourOrdersPartWords } from './words.ts';

/** Orders of everybody, for everybody: nothing personal is in them, and no address. */
export function recentOrdersView(orders: readonly OrderWithItems[], now: Date) {
  return orders.map((order) => ({
    id: order.orderId,
    name: orderWords(order.orderId),
    items: itemsInShort(order),
    status: order.status,
    ...statusWordsOf(order),
    progress: progressView(order, now),
    time: longShown(order.createdAt),
  }));
}

function itemsInShort({ items }: OrderWithItems): string {
  const [first] = items.map(({ product, quantity }) => itemWords(product, quantity));
  return itemsWords(first ?? '', items.length);
}

/**
 * The list of the orders of one browser, or a part of it.
 * @param browser.isNewest whether the list begins with the newest order
 * @param browser.isKnown whether the browser has an id
 * @param browser.isForgotten whether it was just forgotten
 */
export function yourOrdersView(
  { orders, olderThan }: OrdersPage,
  {
    isKnown,
    isForgotten,
    isNewest,
  }: { readonly isKnown: boolean; readonly isForgotten: boolean; readonly isNewest: boolean },
) {
  const message = isForgotten && !isKnown ? words.yourOrders.forgotten : null;
  return {
    // Screen readers read the title first, so it starts with what has changed.
    title: message ?? words.yourOrders.title,
    message,
    canForget: isKnown,
    part: isNewest && olderThan === null ? null : yourOrdersPartWords(orders.length, isNewest),
    isNewest,
    older: olderThan === null ? null : `/your-orders?before=${olderThan}`,
    orders: orders.map((order) => ({
      name: orderWords(order.orderId),
      token: order.token,
      items: order.items.map(({ product, quantity }) => itemWords(product, quantity)).join(', '),
      total: formatMoney({ cents: order.totalCents, currency: order.currency }),
      status: order.status,
      ...statusWordsOf(order),
      time: longShown(order.createdAt),
    })),
  };
}
