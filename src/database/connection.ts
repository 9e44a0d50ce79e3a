import createKnex, { type Knex } from 'knex';
import pg from 'pg';
import { PreparingClient } from './preparing-client.ts';

/** The shop's database outside workflows: reads, and the few outbox transactions. */
export type Database = Knex;

/** A statement on this handle belongs to one transaction that somebody else commits. */
export type Transaction = Knex.Transaction;

const millisecondsToConnect = 3_000;
const millisecondsInTransaction = 60_000;
// A shop with a customer now and then keeps its connections, and what they have prepared.
const millisecondsIdle = 300_000;

/** Connections that are taken and given back. */
export type ConnectionPool = pg.Pool;

export interface PoolOptions {
  readonly poolSize: number;
  /** How long one waits for a connection, be it new or taken by another. */
  readonly waitAtMostMs: number;
}

/** Opens a pool of connections that prepare their statements. It connects when first used. */
export function openPool(databaseUrl: string, { poolSize, waitAtMostMs }: PoolOptions): ConnectionPool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    connectionTimeoutMillis: waitAtMostMs,
    idleTimeoutMillis: millisecondsIdle,
    idle_in_transaction_session_timeout: millisecondsInTransaction,
    keepAlive: true,
    max: poolSize,
    Client: PreparingClient,
  });
  // Of a connection that breaks while it idles nobody needs to hear: the next statement gets another one.
  pool.on('error', () => undefined);
  return pool;
}

/**
 * Opens a handle to write queries with, on at most `poolSize` connections of its own, which prepare their statements. It
 * connects when first used and gives up after three seconds, so that a request learns quickly that Postgres is away.
 */
export function connect(databaseUrl: string, poolSize: number): Database {
  const database = createKnex({
    client: 'pg',
    connection: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: millisecondsToConnect,
      keepAlive: true,
    },
    pool: { min: 0, max: poolSize, idleTimeoutMillis: millisecondsIdle },
    acquireConnectionTimeout: millisecondsToConnect,
    // The request that fails says so itself; knex would print a stack for every connection that cannot be made.
    log: { warn: () => undefined },
  });
  const client = database.client as { driver: { Client: typeof pg.Client } };
  client.driver = { Client: PreparingClient };
  return database;
}
