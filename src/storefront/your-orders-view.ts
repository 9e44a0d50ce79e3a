import type { OrderOfBrowser } from '../database/queries/orders.ts';
import { formatMoney } from '../shared/money.ts';
import { type ShownTime, shownTime } from './times.ts';
import { orderWords, statusWords, thingWords, words } from './words.ts';

interface YourOrder {
  readonly name: string;
  readonly token: string;
  readonly things: string;
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
      things: order.things.map(({ product, quantity }) => thingWords(product, quantity)).join(', '),
      total: formatMoney({ cents: order.totalCents, currency: order.currency }),
      status: order.status,
      ...statusWords[order.status],
      time: shownTime(order.createdAt, now),
    })),
  };
}
