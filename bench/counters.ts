import type pg from 'pg';
import { queryRow } from './databases.ts';

/**
 * Marks the benchmark's own statements, so that they do not count as the store's. It must follow the first word:
 * Postgres cuts off a comment in front of it.
 */
export const uncounted = '/* bench */';

/** Totals of one database. Only differences have a meaning. */
export interface Totals {
  /** All statements that clients sent, BEGIN and COMMIT included. */
  readonly statements: number;
  readonly begin_and_commit: number;
  /** COMMIT statements. */
  readonly commits: number;
  /** Writing transactions, with a COMMIT statement or without; of the whole server. */
  readonly writes: number;
  /** For the whole server. */
  readonly wal_bytes: number;
}

/** One statement's costs up to a moment. */
interface Cost {
  readonly text: string;
  readonly calls: number;
  readonly executionMs: number;
}

/** The costs of each statement by its id. */
export type Costs = ReadonlyMap<string, Cost>;

/** Readers of one database's counters. */
export type Counters = Awaited<ReturnType<typeof openCounters>>;

// pg_stat_database and pg_stat_wal are up to ten seconds late, so neither is used. Postgres counts transactions and WAL
// for the whole server only: pg_stat_statements leaves the commits out. That is exact enough, because one store works
// at a time, and the writes of idle stores are measured while all are idle and deducted.
const totals = `
  select coalesce(sum(calls), 0)::double precision as statements,
         coalesce(sum(calls) filter (where query ~* '^(begin|start transaction|commit|end)'), 0)::double precision
           as begin_and_commit,
         coalesce(sum(calls) filter (where query ~* '^(commit|end)'), 0)::double precision as commits,
         pg_snapshot_xmax(pg_current_snapshot())::text::double precision as writes,
         (pg_current_wal_lsn() - '0/0')::double precision as wal_bytes
  from pg_stat_statements`;
const costs = `
  select queryid::text as id, min(query) as text, sum(calls)::double precision as calls,
         sum(total_exec_time)::double precision as "executionMs"
  from pg_stat_statements`;
const calls = 'select coalesce(sum(calls), 0)::double precision as calls from pg_stat_statements';
const ofDatabase = `
  where dbid = (select oid from pg_database where datname = $1) and strpos(query, '${uncounted}') = 0`;

/**
 * Opens the counters of a database on a connection to another one.
 * @throws Error that explains the remedy when the server does not count statements.
 */
export async function openCounters(connection: pg.Client, databaseUrl: string) {
  const database = new URL(databaseUrl).pathname.slice(1);
  const readTotals = (): Promise<Totals> => queryRow(connection, `${totals} ${ofDatabase}`, [database]);
  try {
    await connection.query('create extension if not exists pg_stat_statements');
    await readTotals();
  } catch (error) {
    throw new Error(
      `Statements cannot be counted on this Postgres: ${(error as Error).message}. ` +
        'Add pg_stat_statements to its shared_preload_libraries and use an account that may create the extension.',
      { cause: error },
    );
  }
  return {
    readTotals,
    readCosts: async (): Promise<Costs> => {
      const query = `${costs} ${ofDatabase} group by queryid`;
      const { rows } = await connection.query<Cost & { id: string }>(query, [database]);
      return new Map(rows.map(({ id, ...cost }) => [id, cost]));
    },
    /** Counts the calls of statements like this SQL pattern. */
    countCalls: async (like: string): Promise<number> => {
      const query = `${calls} ${ofDatabase} and query ilike $2`;
      return (await queryRow<{ calls: number }>(connection, query, [database, like])).calls;
    },
  };
}

/** The cost of one statement per order, idle work included. */
export interface StatementPerOrder {
  /** The beginning of its text, as Postgres stores it, without values. */
  readonly statement: string;
  readonly calls_per_order: number;
  readonly execution_ms_per_order: number;
}

const textMax = 100;

/** Adds up the costs between pairs of readings, in which `orders` were carried out. @returns the most frequent first. */
export function statementsPerOrder(
  intervals: readonly (readonly [before: Costs, after: Costs])[],
  orders: number,
): StatementPerOrder[] {
  const sums = new Map<string, Cost>();
  for (const [before, after] of intervals) {
    for (const [id, { text, calls, executionMs }] of after) {
      const [sum, earlier] = [sums.get(id), before.get(id)];
      sums.set(id, {
        text,
        calls: (sum?.calls ?? 0) + calls - (earlier?.calls ?? 0),
        executionMs: (sum?.executionMs ?? 0) + executionMs - (earlier?.executionMs ?? 0),
      });
    }
  }
  return [...sums.values()]
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => b.calls - a.calls)
    .map(({ text, calls, executionMs }) => ({
      statement: text.replaceAll(/\s+/g, ' ').trim().slice(0, textMax),
      calls_per_order: calls / orders,
      execution_ms_per_order: executionMs / orders,
    }));
}
