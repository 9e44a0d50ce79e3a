import type { Knex } from 'knex';
import { formatMoney } from '../../src/shared/money.ts';
import { words } from '../../src/storefront/words.ts';

// The amounts that a page showed, compared with the rows. Prices, lines and totals never change while the explorer runs.

/** The amounts of one page, as texts. */
export type Amounts = {
  readonly path: string;
  /** Of products, by name. */
  readonly prices: Readonly<Record<string, string>>;
  readonly lines: Line[];
  /** Empty where the page shows none. */
  readonly total: string;
};

type Line = {
  readonly name: string;
  readonly quantity: number;
  /** Empty for a line of which nothing is left. */
  readonly sum: string;
};

interface Rows {
  readonly prices: ReadonlyMap<string, number>;
  readonly orders: ReadonlyMap<string, OrderRow>;
}

interface OrderRow {
  readonly total_cents: number;
  readonly lines: readonly { readonly product: string; readonly quantity: number; readonly cents: number }[];
}

/** The differences between pages and rows. */
export async function wrongAmounts(database: Knex, shown: readonly Amounts[]): Promise<string[]> {
  const rows = await readRows(database);
  return [...new Set(shown.flatMap((page) => faultsOf(page, rows)))];
}

async function readRows(database: Knex): Promise<Rows> {
  const products = await database('products').select<{ product: string; price_cents: number }[]>();
  const orders = await database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .select<(OrderRow & { token: string; session_id: string | null })[]>(
      'token',
      'session_id',
      'total_cents',
      database.raw(
        `(select json_agg(json_build_object('product', product, 'quantity', quantity, 'cents', cents))
          from (
            select product, quantity, quantity * unit_price_cents as cents
            from order_lines join products using (product_id) where order_lines.order_id = orders.order_id
            union all
            select delivery_name, 1, delivery_cents where delivery_name is not null
          ) as line) as lines`,
      ),
    );
  return {
    prices: new Map(products.map(({ product, price_cents: cents }) => [product, cents])),
    orders: new Map(
      orders.flatMap((order) => [
        [`/orders/${order.token}`, order] as const,
        [`/pay/${order.session_id}`, order] as const,
      ]),
    ),
  };
}

function faultsOf({ path, prices, lines, total }: Amounts, { prices: priceOf, orders }: Rows): string[] {
  const order = orders.get(path.replace(/\/(pay|bank|cancel)$/, ''));
  const expectedSum = ({ name, quantity }: Line): number => {
    const row = order?.lines.find(({ product }) => product === name);
    if (order) return row?.quantity === quantity ? row.cents : Number.NaN;
    return quantity * (priceOf.get(name) ?? Number.NaN);
  };
  const pairs: readonly (readonly [string, string, number])[] = [
    ...Object.entries(prices).map(([name, price]) => [name, price, priceOf.get(name) ?? Number.NaN] as const),
    ...lines.filter(({ sum }) => sum !== '').map((line) => [line.name, line.sum, expectedSum(line)] as const),
    ...(order && total !== '' ? [['total', total, order.total_cents] as const] : []),
  ];
  return pairs
    .map(([what, text, cents]) => [what, text, amountWords(cents)] as const)
    .filter(([, text, expected]) => text !== expected)
    .map(([what, text, expected]) => `${path} shows ${what} as ${text}, and the rows have ${expected}`);
}

const amountWords = (cents: number): string =>
  cents === 0 ? words.checkout.free : formatMoney({ cents, currency: 'USD' });
