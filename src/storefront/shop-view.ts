import type { OrderSummary } from '../database/queries/orders.ts';
import type { ProductInStock } from '../database/queries/products.ts';
import { formatMoney } from '../domain/money.ts';
import { type ProgressView, progressView } from './progress-view.ts';
import { type ShownTime, shownTime } from './times.ts';
import { orderWords, statusWords, stockWords, words } from './words.ts';

/** Why a Buy was refused, shown on the shop's page. */
export interface Refusal {
  readonly message: string;
  /** The product it is about; null when it is about none that we sell. */
  readonly sku: string | null;
  /** The checkout key to go on with when asking again must stay one order; null takes a fresh one. */
  readonly key: string | null;
}

export interface ShopSource {
  readonly products: readonly ProductInStock[];
  readonly orders: readonly OrderSummary[];
  readonly refusal: Refusal | null;
  readonly newKey: () => string;
}

interface ProductCard {
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly image: string;
  readonly price: string;
  readonly cents: number;
  readonly stock: string;
  readonly level: 'some' | 'few' | 'none';
  readonly key: string;
  readonly refusal: string | null;
}

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

export interface ShopView {
  readonly title: string;
  readonly products: readonly ProductCard[];
  readonly orders: readonly RecentOrder[];
  /** A refusal as the page's first sentence, with the product's anchor when there is one. */
  readonly notice: Refusal | null;
}

const fewUnits = 5;

/** What the shop's page shows. */
export function shopView(source: ShopSource, now: Date): ShopView {
  const names = new Map(source.products.map(({ product_id, product }) => [product_id, product]));
  return {
    title: source.refusal?.message ?? words.products.title,
    products: source.products.map((product) => productCard(product, source)),
    orders: source.orders.map((order) => recentOrder(order, names.get(order.product_id) ?? null, now)),
    notice: source.refusal,
  };
}

function productCard(product: ProductInStock, { refusal, newKey }: ShopSource): ProductCard {
  const { sku, description, image, price_cents: cents, currency, available } = product;
  const refused = refusal?.sku === sku ? refusal : null;
  return {
    sku,
    name: product.product,
    description,
    image,
    price: formatMoney({ cents, currency }),
    cents,
    stock: stockWords(available),
    level: available <= 0 ? 'none' : available <= fewUnits ? 'few' : 'some',
    key: refused?.key ?? newKey(),
    refusal: refused?.message ?? null,
  };
}

function recentOrder(order: OrderSummary, product: string | null, now: Date): RecentOrder {
  return {
    id: order.order_id,
    name: orderWords(order.order_id),
    product,
    status: order.status,
    ...statusWords[order.status],
    progress: progressView(order, now),
    time: shownTime(order.created_at, now),
  };
}
