import { checkOut, type PlacedOrder, pay } from '../buyers.ts';
import { inParallel, waitUntil } from '../concurrency.ts';
import { uncounted } from '../counters.ts';
import { queryRow } from '../databases.ts';
import type { Fixture } from '../fixture.ts';
import { withHttpClient } from '../http-client.ts';
import { addProducts } from './scenario.ts';

const products = 50;
const atOnce = 64;

/** Orders of customers who have checked out and stay on the payment page. */
export interface PendingOrders {
  readonly orders: readonly PlacedOrder[];
  readonly skus: readonly string[];
  /** Adds orders until there are `size`. @throws when a customer is not served. */
  growTo(size: number): Promise<void>;
}

/** Adds fifty products, each with more units than anybody buys. */
export async function openPendingOrders(fixture: Fixture): Promise<PendingOrders> {
  const skus = await addProducts(fixture.sql, products, 1_000_000);
  const orders: PlacedOrder[] = [];
  const growTo = async (size: number): Promise<void> => {
    const earlier = orders.length;
    const added = await withHttpClient(fixture.store.url, atOnce, (client) =>
      inParallel(size - earlier, atOnce, (number) =>
        checkOut(client, `pending-${earlier + number}`, skus[number % skus.length] ?? ''),
      ),
    );
    orders.push(...added);
    const pending = await countPending(fixture);
    if (pending !== size) throw new Error(`${pending} orders are pending instead of ${size}.`);
  };
  return { orders, skus, growTo };
}

/** Counts the orders that wait for their payment. */
export async function countPending({ sql }: Fixture): Promise<number> {
  const { pending } = await queryRow<{ pending: number }>(
    sql,
    `select ${uncounted} count(*)::integer as pending from orders join payments using (order_id)
     where status = 'pending' and state = 'open'`,
  );
  return pending;
}

/**
 * Pays `count` orders, spread over all, and waits until they are dispatched. This shows that pending orders still work.
 * @throws when one is not dispatched within a minute.
 */
export async function payForSome(
  fixture: Fixture,
  orders: readonly PlacedOrder[],
  count: number,
): Promise<void> {
  const step = Math.floor(orders.length / count);
  const some = orders.filter((_, number) => number % step === 0).slice(0, count);
  await withHttpClient(fixture.store.url, atOnce, (client) =>
    inParallel(count, atOnce, (number) => pay(client, fixture.provider, some[number]?.sessionId ?? '')),
  );
  await untilDispatched(
    fixture,
    some.map(({ orderId }) => orderId),
  );
}

/** Waits until these orders are dispatched. @throws when that takes longer than a minute. */
export async function untilDispatched({ sql }: Fixture, orderIds: readonly number[]): Promise<void> {
  await waitUntil(`${orderIds.length} orders are dispatched`, async () => {
    const { done } = await queryRow<{ done: boolean }>(
      sql,
      `select ${uncounted} count(*) = $2 as done from orders where status = 'dispatched' and order_id = any($1)`,
      [orderIds, orderIds.length],
    );
    return done;
  });
}

/** @throws when the stock does not balance. */
export async function checkStock({ sql }: Fixture): Promise<void> {
  const query = `select ${uncounted} bool_and(balanced) as balanced from stock_accounts`;
  const { balanced } = await queryRow<{ balanced: boolean }>(sql, query);
  if (!balanced) throw new Error('The stock does not balance.');
}
