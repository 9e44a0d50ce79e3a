import { waitUntil } from './concurrency.ts';
import { uncounted } from './counters.ts';
import { queryRow } from './databases.ts';
import type { Fixture } from './fixture.ts';
import type { StoreName } from './stores.ts';

/** The orders and the stock of a store, as its tables record them. */
export interface Ledger {
  readonly orders: number;
  readonly dispatched: number;
  readonly settled: number;
  /** Whether remaining, held and sold units equal the supplied units, for every product. */
  readonly balanced: boolean;
}

/** Queries of one row about a store's own tables. */
interface Queries {
  /** `open`: unfinished orders and workflows. Uses indexes, because it is polled. */
  readonly open: string;
  /** A `Ledger`; `failed` counts workflows that ended without a result. */
  readonly ledger: string;
}

const openWorkflows = `
  (select count(*) from dbos.workflow_status where status in ('ENQUEUED', 'PENDING'))
  + (select count(*) from dbos.workflow_status where status = 'DELAYED')`;
const failedWorkflows = `
  (select count(*) from dbos.workflow_status
   where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))::integer as failed`;

const shop: Queries = {
  open: `select ${uncounted} ((select count(*) from orders where status = 'pending')
      + (select count(*) from orders where status = 'paid') + ${openWorkflows})::integer as open`,
  ledger: `select ${uncounted} (select count(*) from orders)::integer as orders,
      (select count(*) from orders where status = 'dispatched')::integer as dispatched,
      (select count(*) from payments where state = 'settled')::integer as settled,
      (select bool_and(balanced) from stock_accounts) as balanced, ${failedWorkflows}`,
};

/** The tutorial has no payments table: status 2 means paid, 1 dispatched. */
const tutorial: Queries = {
  open: `select ${uncounted} ((select count(*) from orders where order_status <> 1) + ${openWorkflows})::integer as open`,
  ledger: `select ${uncounted} count(*)::integer as orders,
      (count(*) filter (where order_status = 1))::integer as dispatched,
      (count(*) filter (where order_status in (1, 2)))::integer as settled,
      (select sum(supplied - inventory) from products) = coalesce(sum(quantity), 0) as balanced, ${failedWorkflows}
    from orders`,
};

/** Plain SQL uses the shop's tables. */
const queries: Readonly<Record<StoreName, Queries>> = { holdfast: shop, tutorial, plain_sql: shop };

/** Waits until every order is dispatched and no workflow is unfinished. @throws when that takes over three minutes. */
export function allDispatched({ sql, options }: Fixture): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { open } = await queryRow<{ open: number }>(sql, queries[options.name].open);
    return open === 0;
  };
  return waitUntil('all orders are dispatched and all workflows are finished', isDone, {
    withinSeconds: 180,
  });
}

/**
 * Compares a store's tables with the number of orders that buyers placed and paid.
 * @throws when an order is missing or unfinished, a workflow failed, or the stock does not balance.
 */
export async function checkLedger({ sql, options }: Fixture, bought: number): Promise<Ledger> {
  const query = queries[options.name].ledger;
  const { failed, ...ledger } = await queryRow<Ledger & { failed: number }>(sql, query);
  const counts = [ledger.orders, ledger.dispatched, ledger.settled];
  if (ledger.balanced && failed === 0 && counts.every((count) => count === bought)) return ledger;
  throw new Error(`The tables do not show ${bought} orders: ${JSON.stringify({ ...ledger, failed })}`);
}
