import type { Knex } from 'knex';
import type { Item } from '../common.ts';
import type { RunTransaction } from './data-source.ts';

/** The tutorial's codes. */
const status = { dispatched: 1, paid: 2, pending: 0 } as const;
const initialProgress = 10;

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

/** Creates the tutorial's two tables, with as many products as the shop's catalogue has. */
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

/** The tutorial's verbs, each a transaction and a checkpoint of its own. */
export function createTransactions(run: RunTransaction) {
  return {
    /** @throws when too few units are left, as the tutorial does. */
    subtractInventory: ({ sku, qty }: Item): Promise<ProductRow> =>
      run('subtractInventory', async (trx) => {
        const [product] = await trx<ProductRow>('products')
          .where({ sku })
          .andWhere('inventory', '>=', qty)
          .decrement('inventory', qty)
          .returning(['product_id', 'price_cents']);
        if (!product) throw new Error('Too few units are left.');
        return product as ProductRow;
      }),

    createOrder: (product_id: number, quantity: number): Promise<number> =>
      run('createOrder', async (trx) => {
        const last_update_time = trx.raw('now()');
        const order = { order_status: status.pending, product_id, quantity, last_update_time };
        const [inserted] = await trx<OrderRow>('orders')
          .insert({ ...order, progress_remaining: initialProgress })
          .returning('order_id');
        if (!inserted) throw new Error('The order was not inserted.');
        return inserted.order_id;
      }),

    markOrderPaid: (order_id: number): Promise<void> =>
      run('markOrderPaid', async (trx) => {
        const changes = { order_status: status.paid, last_update_time: trx.raw('now()') };
        await trx<OrderRow>('orders').where({ order_id }).update(changes);
      }),

    advanceDispatch: (order_id: number): Promise<void> =>
      run('advanceDispatch', async (trx) => {
        const order = await trx<OrderRow>('orders').where({ order_id, order_status: status.paid }).first();
        if (!order) throw new Error(`Order ${order_id} is not paid.`);
        const progress_remaining = order.progress_remaining - 1;
        const dispatched = { order_status: status.dispatched, last_update_time: trx.raw('now()') };
        await trx<OrderRow>('orders')
          .where({ order_id })
          .update({ progress_remaining, ...(progress_remaining === 0 && dispatched) });
      }),
  };
}
