import type { Knex } from 'knex';
import type { Item } from '../server.ts';
import type { RunTransaction } from './data-source.ts';

/** The tutorial's numbers. */
const status = { dispatched: 1, paid: 2, pending: 0 } as const;
const progressAtFirst = 10;

export interface Priced {
  readonly productId: number;
  readonly priceCents: number;
}

interface ProductRow {
  product_id: number;
  sku: string;
  price_cents: number;
  inventory: number;
}

interface OrderRow {
  order_id: number;
  product_id: number;
  quantity: number;
  order_status: number;
  last_update_time: Knex.Raw;
  progress_remaining: number;
}

/** Makes the tutorial's two tables, with as many products as the shop's catalogue has. */
export async function createTables(database: Knex): Promise<void> {
  await database.raw(`
    create table products (
      product_id integer generated always as identity primary key,
      sku text not null unique,
      price_cents integer not null,
      supplied integer not null default 0,
      inventory integer not null default 0 check (inventory >= 0)
    );
    create table orders (
      order_id integer generated always as identity primary key,
      order_status integer not null,
      last_update_time timestamptz not null,
      product_id integer not null references products,
      quantity integer not null,
      progress_remaining integer not null
    );
    insert into products (sku, price_cents) select 'widget-' || number, 9999 from generate_series(1, 8) as number`);
}

export type Transactions = ReturnType<typeof tutorialTransactions>;

/** The tutorial's verbs, each a transaction and a checkpoint of its own. */
export function tutorialTransactions(run: RunTransaction) {
  return {
    /** @throws when too few are left, as the tutorial does. */
    subtractInventory: ({ sku, qty }: Item): Promise<Priced> =>
      run('subtractInventory', async (trx) => {
        const [product] = await trx<ProductRow>('products')
          .where({ sku })
          .andWhere('inventory', '>=', qty)
          .decrement('inventory', qty)
          .returning(['product_id', 'price_cents']);
        if (!product) throw new Error('Too few are left.');
        return { productId: product.product_id, priceCents: product.price_cents };
      }),

    createOrder: (productId: number, quantity: number): Promise<number> =>
      run('createOrder', async (trx) => {
        const [order] = await trx<OrderRow>('orders')
          .insert({
            order_status: status.pending,
            product_id: productId,
            quantity,
            last_update_time: now(trx),
            progress_remaining: progressAtFirst,
          })
          .returning('order_id');
        if (!order) throw new Error('The order was not inserted.');
        return order.order_id;
      }),

    markOrderPaid: (orderId: number): Promise<void> =>
      run('markOrderPaid', async (trx) => {
        await trx<OrderRow>('orders')
          .where({ order_id: orderId })
          .update({ order_status: status.paid, last_update_time: now(trx) });
      }),

    advanceDispatch: (orderId: number): Promise<void> =>
      run('advanceDispatch', async (trx) => {
        const order = await trx<OrderRow>('orders')
          .where({ order_id: orderId, order_status: status.paid })
          .first();
        if (!order) throw new Error(`Order ${orderId} is not paid.`);
        const remaining = order.progress_remaining - 1;
        await trx<OrderRow>('orders')
          .where({ order_id: orderId })
          .update({
            progress_remaining: remaining,
            ...(remaining === 0 && { order_status: status.dispatched, last_update_time: now(trx) }),
          });
      }),
  };
}

function now(trx: Knex.Transaction): Knex.Raw {
  return trx.raw('now()');
}
