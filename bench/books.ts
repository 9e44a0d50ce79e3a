import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { ours } from './counters.ts';

const settleWithinMs = 180_000;
const lookEveryMs = 100;

/** How a store's own tables tell what it did, as queries of one row. */
export interface Ledger {
  /** `open`: orders on their way and workflows at work. From indexes, for it is asked again and again. */
  readonly open: string;
  /** See `Books`; `failed` counts workflows that ended without a result. */
  readonly books: string;
}

const openWorkflows = `
  (select count(*) from dbos.workflow_status where status in ('ENQUEUED', 'PENDING'))
  + (select count(*) from dbos.workflow_status where status = 'DELAYED')`;
const failedWorkflows = `
  (select count(*) from dbos.workflow_status
   where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))::integer as failed`;

export const shopLedger: Ledger = {
  open: `select ${ours} ((select count(*) from orders where status = 'pending')
      + (select count(*) from orders where status = 'paid') + ${openWorkflows})::integer as open`,
  books: `select ${ours} (select count(*) from orders)::integer as orders,
      (select count(*) from orders where status = 'dispatched')::integer as dispatched,
      (select count(*) from payments where state = 'settled')::integer as settled,
      (select bool_and(balanced) from stock_accounts) as balanced, ${failedWorkflows}`,
};

/** The tutorial keeps no payments: one of its orders that was paid is dispatched. */
export const tutorialLedger: Ledger = {
  open: `select ${ours} ((select count(*) from orders where order_status <> 1) + ${openWorkflows})::integer as open`,
  books: `select ${ours} count(*)::integer as orders,
      (count(*) filter (where order_status = 1))::integer as dispatched,
      (count(*) filter (where order_status in (1, 2)))::integer as settled,
      (select sum(supplied - inventory) from products) = coalesce(sum(quantity), 0) as balanced, ${failedWorkflows}
    from orders`,
};

/**
 * Waits until every order is dispatched and no workflow has anything left to do.
 * @throws when that takes more than three minutes.
 */
export async function allDispatched(connection: pg.Client, ledger = shopLedger): Promise<void> {
  const deadline = performance.now() + settleWithinMs;
  let open = await countOpen(connection, ledger);
  while (open > 0) {
    if (performance.now() > deadline) throw new Error(`${open} orders and workflows never came to an end.`);
    await pause(lookEveryMs);
    open = await countOpen(connection, ledger);
  }
}

async function countOpen(connection: pg.Client, ledger: Ledger): Promise<number> {
  const { rows } = await connection.query<{ open: number }>(ledger.open);
  return rows[0]?.open ?? Number.NaN;
}

export interface Books {
  readonly orders: number;
  readonly dispatched: number;
  readonly settled: number;
  /** Whether the stock that is left, held and sold is what was supplied, for every product. */
  readonly balanced: boolean;
}

/**
 * Compares a store's books with what the buyers did.
 * @throws when an order is missing, was not carried out, a workflow failed, or the stock does not add up.
 */
export async function checkBooks(connection: pg.Client, bought: number, ledger = shopLedger): Promise<Books> {
  const { rows } = await connection.query<Books & { failed: number }>(ledger.books);
  if (!rows[0]) throw new Error('The books have no row.');
  const { failed, ...books } = rows[0];
  const right =
    books.balanced &&
    failed === 0 &&
    [books.orders, books.dispatched, books.settled].every((number) => number === bought);
  if (!right)
    throw new Error(`The books do not show the ${bought} orders bought: ${JSON.stringify(rows[0])}`);
  return books;
}
