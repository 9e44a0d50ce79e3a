import type pg from 'pg';

/** What Postgres has done for one database up to a moment; only differences mean anything. */
export interface Counters {
  /** Milliseconds of a clock that only runs forward. */
  readonly atMs: number;
  /** All statements that a client sent, BEGIN and COMMIT included. */
  readonly statements: number;
  readonly begins: number;
  readonly commits: number;
  /** Transactions that changed something, with a COMMIT of their own or without; of the whole server, see below. */
  readonly writes: number;
  /** Of the whole server, see below. */
  readonly walBytes: number;
}

/**
 * Our own questions to the shop's database hold this behind their first word, so that they are not counted as the
 * shop's. In front of it Postgres would cut it off.
 */
export const ours = '/* bench */';

// Instant, all of them: the counters of pg_stat_database and pg_stat_wal come up to ten seconds late. Postgres keeps
// writes and WAL for the whole server only, for what pg_stat_statements has of them leaves the commits out. One subject
// works at a time, and what the others write while they are idle is in what is counted at rest and taken off.
const read = `
  select coalesce(sum(calls), 0)::double precision as statements,
         coalesce(sum(calls) filter (where query ~* '^(begin|start transaction)'), 0)::double precision as begins,
         coalesce(sum(calls) filter (where query ~* '^(commit|end)'), 0)::double precision as commits,
         pg_snapshot_xmax(pg_current_snapshot())::text::double precision as writes,
         (pg_current_wal_lsn() - '0/0')::double precision as "walBytes"
  from pg_stat_statements
  where dbid = (select oid from pg_database where datname = $1) and strpos(query, '${ours}') = 0`;

/**
 * Makes the counters readable on a connection to a database of ours.
 * @throws Error that says what to do when the server does not count statements.
 */
export async function openCounters(
  connection: pg.Client,
  databaseUrl: string,
): Promise<() => Promise<Counters>> {
  const database = new URL(databaseUrl).pathname.slice(1);
  const readCounters = async (): Promise<Counters> => {
    const { rows } = await connection.query<Omit<Counters, 'atMs'>>(read, [database]);
    const [counters] = rows;
    if (!counters) throw new Error('The counters have no row.');
    return { ...counters, atMs: performance.now() };
  };
  try {
    await connection.query('create extension if not exists pg_stat_statements');
    await readCounters();
  } catch (error) {
    throw new Error(
      `Statements cannot be counted on this Postgres: ${(error as Error).message}. ` +
        'Add pg_stat_statements to its shared_preload_libraries and use an account that may create the extension.',
      { cause: error },
    );
  }
  return readCounters;
}

/** What happened between two moments, figure by figure; of a clock, the time in between. */
export function difference<Readings extends Readonly<Record<keyof Readings, number>>>(
  before: Readings,
  after: Readings,
): Readings {
  const names = Object.keys(before) as (keyof Readings)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as Readings;
}
