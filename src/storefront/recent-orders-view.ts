import type { OrderSummary } from '../database/queries/orders.ts';
import type { ProductInStock } from '../database/queries/products.ts';
import { type ProgressView, progressView } from './progress-view.ts';
import { type ShownTime, shownTime } from './times.ts';
import { orderWords, statusWords } from './words.ts';

interface RecentOrder {
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
    name: orderWords(order.orderId),
    product: names.get(order.productId) ?? null,
    status: order.status,
    ...statusWords[order.status],
    progress: progressView(order, now),
    time: shownTime(order.createdAt, now),
  }));
}
