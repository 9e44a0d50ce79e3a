import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { ours } from './counters.ts';

const settleWithinMs = 180_000;
const lookEveryMs = 100;

/**
 * Waits until every order is dispatched and no workflow has anything left to do.
 * @throws when that takes more than three minutes.
 */
export async function allDispatched(shop: pg.Client): Promise<void> {
  const deadline = performance.now() + settleWithinMs;
  let open = await countOpen(shop);
  while (open > 0) {
    if (performance.now() > deadline) throw new Error(`${open} orders were never dispatched.`);
    await pause(lookEveryMs);
    open = await countOpen(shop);
  }
}

async function countOpen(shop: pg.Client): Promise<number> {
  const { rows } = await shop.query<{ open: number }>(
    `select ${ours} greatest(
       (select count(*) from orders where status <> 'dispatched'),
       (select count(*) from dbos.workflow_status where status <> 'SUCCESS')
     )::integer as open`,
  );
  return rows[0]?.open ?? Number.NaN;
}

export interface Books {
  readonly orders: number;
  readonly dispatched: number;
  readonly settled: number;
  /** Whether available + held + sold = supplied for every product. */
  readonly balanced: boolean;
}

/**
 * Compares the shop's books with what the buyers did.
 * @throws when an order is missing, was not carried out, or the stock does not add up.
 */
export async function checkBooks(shop: pg.Client, bought: number): Promise<Books> {
  const { rows } = await shop.query<Books>(
    `select ${ours} (select count(*) from orders)::integer as orders,
       (select count(*) from orders where status = 'dispatched')::integer as dispatched,
       (select count(*) from payments where state = 'settled')::integer as settled,
       (select bool_and(balanced) from stock_accounts) as balanced`,
  );
  const [books] = rows;
  const right =
    books?.balanced === true &&
    [books.orders, books.dispatched, books.settled].every((number) => number === bought);
  if (!right) throw new Error(`The books do not show the ${bought} orders bought: ${JSON.stringify(books)}`);
  return books;
}
