import createKnex, { type Knex } from 'knex';
import type { Client } from 'pg';
import { closeWhenReadOnly } from '../shared/outage.ts';
import { rowSettings, rowTypes } from '../shared/statement.ts';
import { OpenConnections, sessionSettings } from './open-connections.ts';

/** The shop's database outside workflows: reads, and the transactions of requests. */
export type Database = Knex;

/** Statements on this handle belong to one transaction that the caller commits. */
export type Transaction = Knex.Transaction;

const connectTimeoutMs = 3_000;
// A shop with few customers keeps its connections, and the plans that are prepared on them.
const idleTimeoutMs = 300_000;

/**
 * Opens a handle with at most `poolSize` connections of its own. It connects when first used, and gives up after three
 * seconds, so that a request fails soon while Postgres is away.
 */
export function connect(
  databaseUrl: string,
  poolSize: number,
  connections = new OpenConnections(),
): Database {
  return createKnex({
    client: 'pg',
    ...rowSettings,
    connection: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      types: rowTypes,
    },
    pool: {
      min: 0,
      max: poolSize,
      idleTimeoutMillis: idleTimeoutMs,
      afterCreate: (client: Client, done: (error: Error | null, client: Client) => void) => {
        connections.add(client);
        closeWhenReadOnly(client);
        client.query(sessionSettings, (error) => {
          done(error, client);
        });
      },
    },
    acquireConnectionTimeout: connectTimeoutMs,
    // The request that fails reports the error; knex would print a stack for every failed connection.
    log: { warn: () => undefined },
  });
}
