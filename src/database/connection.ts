import createKnex, { type Knex } from 'knex';

/** The shop's database outside workflows: reads, and the few outbox transactions. */
export type Database = Knex;

/** A statement on this handle belongs to one transaction that somebody else commits. */
export type Transaction = Knex.Transaction;

const millisecondsToConnect = 3_000;

/**
 * Opens a pool of at most `poolSize` connections. It connects when first used and gives up after three seconds,
 * so that a request learns quickly that Postgres is away.
 */
export function connect(databaseUrl: string, poolSize: number): Database {
  return createKnex({
    client: 'pg',
    connection: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: millisecondsToConnect,
      keepAlive: true,
    },
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: millisecondsToConnect,
    // The request that fails says so itself; knex would print a stack for every connection that cannot be made.
    log: { warn: () => undefined },
  });
}
