import type { OrderOfBrowser, OrderSummary } from '../database/queries/orders.ts';
import type { ProductInStock } from '../database/queries/products.ts';
import { formatMoney } from '../shared/money.ts';
import { type ProgressView, progressView } from './progress-view.ts';
import { type ShownTime, shownTime } from './times.ts';
import { itemWords, orderWords, statusWords, words } from './words.ts';

interface RecentOrder {
  readonly id: number;
  readonly name: string;
  readonly product: string | null;
  readonly status: string;
  readonly word: string;
  readonly sign: string;
  readonly progress: ProgressView | null;
  readonly time: ShownTime;
}

/** Orders of everybody, for everybody: nothing personal is in them, and no address. */
export function recentOrdersView(
  orders: readonly OrderSummary[],
  products: readonly ProductInStock[],
  now: Date,
): RecentOrder[] {
  const names = new Map(products.map(({ productId: product_id, product }) => [product_id, product]));
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

interface YourOrder {
  readonly name: string;
  readonly token: string;
  readonly items: string;
  readonly total: string;
  readonly status: string;
  readonly word: string;
  readonly sign: string;
  readonly time: ShownTime;
}

export interface YourOrdersView {
  readonly title: string;
  readonly orders: readonly YourOrder[];
}

/** The list of the orders of one browser. */
export function yourOrdersView(orders: readonly OrderOfBrowser[], now: Date): YourOrdersView {
  return {
    title: words.yourOrders.title,
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
