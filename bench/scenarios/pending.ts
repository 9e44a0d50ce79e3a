import { checkOut, type PlacedOrder, pay } from '../buyers.ts';
import { ours } from '../counters.ts';
import { createHttpClient } from '../http-client.ts';
import { addProducts } from './products.ts';
import type { Stage } from './stage.ts';
import { together, until } from './together.ts';

const products = 50;
const atOnce = 64;

/** Customers who have checked out and look at the payment page. */
export interface PendingCrowd {
  readonly orders: readonly PlacedOrder[];
  /** What is sold. */
  readonly skus: readonly string[];
  /** Lets more come, until there are so many. @throws when one is not served. */
  growTo(size: number): Promise<void>;
}

/** Opens a sale of fifty products with more than enough of each. */
export async function gatherPending(stage: Stage): Promise<PendingCrowd> {
  const skus = await addProducts(stage.sql, products, 1_000_000);
  const orders: PlacedOrder[] = [];
  return {
    orders,
    skus,
    growTo: async (size) => {
      const client = createHttpClient(stage.shop.url, atOnce);
      const had = orders.length;
      try {
        const more = await together(size - had, atOnce, (number) =>
          checkOut(client, `pending-${had + number}`, skus[number % skus.length] ?? ''),
        );
        orders.push(...more);
      } finally {
        client.close();
      }
      const pending = await countPending(stage);
      if (pending !== size) throw new Error(`${pending} orders are pending instead of ${size}.`);
    },
  };
}

/** Orders that wait for their payment. */
export async function countPending({ sql }: Stage): Promise<number> {
  const { rows } = await sql.query<{ pending: number }>(
    `select ${ours} count(*)::integer as pending from orders join payments using (order_id)
     where status = 'pending' and state = 'open'`,
  );
  return rows[0]?.pending ?? Number.NaN;
}

/**
 * Pays for a share of the crowd, spread over all of it, and waits until their orders are dispatched: what waits is alive.
 * @throws when one is not dispatched within a minute.
 */
export async function payForSome(stage: Stage, crowd: readonly PlacedOrder[], count: number): Promise<void> {
  const step = Math.floor(crowd.length / count);
  const some = crowd.filter((_, number) => number % step === 0).slice(0, count);
  const client = createHttpClient(stage.shop.url, atOnce);
  try {
    await together(count, atOnce, (number) => pay(client, stage.provider, some[number]?.sessionId ?? ''));
  } finally {
    client.close();
  }
  await untilDispatched(
    stage,
    some.map(({ orderId }) => orderId),
  );
}

/** Waits until these orders are dispatched. @throws when that takes longer than a minute. */
export async function untilDispatched({ sql }: Stage, orderIds: readonly number[]): Promise<void> {
  await until(`${orderIds.length} orders are dispatched`, async () => {
    const { rows } = await sql.query<{ done: boolean }>(
      `select ${ours} count(*) = $2 as done from orders where status = 'dispatched' and order_id = any($1)`,
      [orderIds, orderIds.length],
    );
    return rows[0]?.done === true;
  });
}

/** @throws when the stock does not add up. */
export async function checkStock({ sql }: Stage): Promise<void> {
  const { rows } = await sql.query<{ balanced: boolean }>(
    `select ${ours} bool_and(balanced) as balanced from stock_accounts`,
  );
  if (rows[0]?.balanced !== true) throw new Error('The stock does not add up.');
}
