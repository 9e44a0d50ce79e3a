import type pg from 'pg';
import { ours } from './counters.ts';

/** What one statement of a database has cost up to a moment. */
interface Cost {
  readonly text: string;
  readonly calls: number;
  readonly executionMs: number;
}

export type Costs = ReadonlyMap<string, Cost>;

/** What one statement costs each order, the subject's work at rest included. */
export interface StatementPerOrder {
  /** As Postgres keeps it, without its values; only the beginning. */
  readonly statement: string;
  readonly calls_per_order: number;
  readonly execution_ms_per_order: number;
}

const read = `
  select queryid::text as id, min(query) as text, sum(calls)::double precision as calls,
         sum(total_exec_time)::double precision as "executionMs"
  from pg_stat_statements
  where dbid = (select oid from pg_database where datname = $1) and strpos(query, '${ours}') = 0
  group by queryid`;

/** Reads what each statement of a database has cost, on a connection whose counters are open (counters.ts). */
export async function readCosts(connection: pg.Client, databaseUrl: string): Promise<Costs> {
  const database = new URL(databaseUrl).pathname.slice(1);
  const { rows } = await connection.query<Cost & { id: string }>(read, [database]);
  return new Map(rows.map(({ id, ...cost }) => [id, cost]));
}

const textMax = 100;

/** Adds up what several crowds cost. */
export class StatementTally {
  readonly #costs = new Map<string, Cost>();
  #orders = 0;

  /** Adds what happened between two readings, in which so many orders were carried out. */
  add(before: Costs, after: Costs, orders: number): void {
    this.#orders += orders;
    for (const [id, { text, calls, executionMs }] of after) {
      const sum = this.#costs.get(id);
      this.#costs.set(id, {
        text,
        calls: (sum?.calls ?? 0) + calls - (before.get(id)?.calls ?? 0),
        executionMs: (sum?.executionMs ?? 0) + executionMs - (before.get(id)?.executionMs ?? 0),
      });
    }
  }

  /** The statements that were sent at all, the most frequent first. */
  perOrder(): StatementPerOrder[] {
    return [...this.#costs.values()]
      .filter(({ calls }) => calls > 0)
      .toSorted((a, b) => b.calls - a.calls)
      .map(({ text, calls, executionMs }) => ({
        statement: text.replaceAll(/\s+/g, ' ').trim().slice(0, textMax),
        calls_per_order: calls / this.#orders,
        execution_ms_per_order: executionMs / this.#orders,
      }));
  }
}
