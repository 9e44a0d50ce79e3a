import { correlationTokenOf } from '../../src/domain/order.ts';
import { fieldIn } from '../support/browser.ts';
import { operatorToken } from '../support/refunds.ts';
import type { TestShop } from '../support/shop.ts';
import type { Draft } from './requests.ts';
import { Known, type KnownName } from './values.ts';

/** Finds the value that a known part of a request stands for. */
export type Find = (known: Known) => unknown;

interface OrderOfShop {
  readonly order_id: number;
  readonly token: string;
  readonly session_id: string | null;
  readonly transaction_id: string | null;
  readonly total_cents: number;
}

type Values = Readonly<Record<KnownName, readonly unknown[]>>;

const newest = 21;
const browsers = [1, 2, 3].map((number) => `fuzz-browser-${String(number).padStart(9, '0')}`);
const keys = Array.from({ length: newest }, (_, number) => `fuzz-${number}`);
const files = ['css/base.css', 'js/main.js', 'products/bell.svg', 'favicon.svg', 'js', ''];
const refreshEveryMs = 300;

/** The values that the shop knows by now. They change while requests are sent. */
export class KnownValues {
  readonly #shop: TestShop;
  #values: Promise<Values>;
  /** Reading takes long on a busy machine, so the next time begins at the end of the last. */
  #readAt = Number.POSITIVE_INFINITY;

  constructor(shop: TestShop) {
    this.#shop = shop;
    this.#values = this.#read();
  }

  /** The values for one request. Whether it orders a cart, they are those of its review. */
  async finder(draft: Draft): Promise<Find> {
    if (Date.now() - this.#readAt > refreshEveryMs) this.#values = this.#read();
    const values = await this.#values;
    const find: Find = ({ known, nth }) => values[known][nth % values[known].length] ?? '';
    return draft.route === 'POST /cart/checkout' ? this.#ofReview(draft, find) : find;
  }

  async #ofReview({ headers }: Draft, find: Find): Promise<Find> {
    const cookie = headers['cookie'] instanceof Known ? String(find(headers['cookie'])) : '';
    const page = await fetch(`${this.#shop.shopUrl}/cart/checkout`, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie },
    });
    const text = await page.text();
    // Nothing is to be ordered: the cart is empty, or its order waits for payment.
    if (!text.includes('name="fingerprint"')) return find;
    return (known) =>
      known.known === 'key' || known.known === 'fingerprint' ? fieldIn(text, known.known) : find(known);
  }

  async #read(): Promise<Values> {
    this.#readAt = Number.POSITIVE_INFINITY;
    const { database, server, shopUrl } = this.#shop;
    const newestOf = (table: string, column: string): Promise<number[]> =>
      database(table).orderBy(column, 'desc').limit(newest).pluck(column);
    const [skus, orders, attention, email, refund] = await Promise.all([
      database('products').orderBy('product_id').pluck<string[]>('sku'),
      database('orders')
        .leftJoin('payments', 'payments.order_id', 'orders.order_id')
        .orderBy('orders.order_id', 'desc')
        .limit(newest)
        .select<OrderOfShop[]>('orders.order_id', 'token', 'session_id', 'transaction_id', 'total_cents'),
      newestOf('attention', 'attention_id'),
      newestOf('emails', 'email_id'),
      newestOf('refunds', 'refund_id'),
    ]);
    this.#readAt = Date.now();
    return {
      ...ofOrders(orders, shopUrl),
      sku: skus,
      key: keys,
      attention,
      email,
      refund,
      fingerprint: [''],
      file: files,
      origin: [shopUrl],
      authorization: [
        `Bearer ${operatorToken}`,
        `Basic ${Buffer.from(`fuzz:${operatorToken}`).toString('base64')}`,
      ],
      cookie: browsers.map((id) => `browser=${encodeURIComponent(server.signCookie(id))}`),
    };
  }
}

function ofOrders(orders: readonly OrderOfShop[], shopUrl: string) {
  return {
    order: orders.map(({ order_id: id }) => id),
    orderText: orders.map(({ order_id: id }) => String(id)),
    orderUrl: orders.map(({ token }) => `${shopUrl}/orders/${token}`),
    token: orders.map(({ token }) => token),
    session: orders.map(({ session_id: id }) => id ?? 'cs_none'),
    charge: orders.map(({ order_id: id, transaction_id: charge }) => charge ?? `pi_fuzz_${id}`),
    total: orders.map(({ total_cents: total }) => total),
    correlation: orders.map(({ token }) => correlationTokenOf(token)),
  };
}
