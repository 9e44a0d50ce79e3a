import { setTimeout as sleep } from 'node:timers/promises';
import createKnex, { type Knex } from 'knex';
import { codeOf, createDatabase, raceCodes } from '../../shared/create-database.ts';
import { databaseMissing, isPostgresAway } from '../../shared/outage.ts';
import { StartError } from '../../shared/program.ts';
import { rowSettings } from '../../shared/statement.ts';
import { createTables } from './tables.ts';

const connectTimeoutMs = 3_000;
const statementTimeoutMs = 5_000;
const prepareTimeoutMs = 15_000;
const retryMs = 200;

// Every failure is thrown, and its handler decides whether it is logged.
const silentLog = { warn() {}, error() {}, deprecate() {}, debug() {} };

interface PoolOptions {
  readonly poolSize: number;
  /** Off for writes whose repetition is harmless: they may be lost in a crash of Postgres. */
  readonly synchronousCommit: 'on' | 'off';
}

/** Opens a pool that connects when first used, and fails within three seconds while Postgres is away. */
export function connect(databaseUrl: string, { poolSize, synchronousCommit }: PoolOptions): Knex {
  return createKnex({
    client: 'pg',
    ...rowSettings,
    connection: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      options: `-c synchronous_commit=${synchronousCommit}`,
      application_name: 'stripe-simulator',
      keepAlive: true,
    },
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: connectTimeoutMs,
    log: silentLog,
  });
}

const columnMissing = '42703';

/**
 * Creates the database and its tables unless they exist. Waits up to 15 seconds for a Postgres that is starting.
 * @throws StartError when a version before 0.1.0 created the tables, or the user may not create the database
 */
export async function prepareDatabase(database: Knex, databaseUrl: string): Promise<void> {
  const deadline = Date.now() + prepareTimeoutMs;
  for (;;) {
    try {
      return await createTables(database);
    } catch (error) {
      const code = codeOf(error);
      if (code === columnMissing) throw new StartError(beforeFirstRelease(databaseUrl), { cause: error });
      if (code === databaseMissing) await createDatabase(databaseUrl);
      else if (!isPostgresAway(error) && !raceCodes.includes(code)) throw error;
      if (Date.now() > deadline) throw error;
      await sleep(retryMs);
    }
  }
}

function beforeFirstRelease(databaseUrl: string): string {
  return `The database ${new URL(databaseUrl).pathname.slice(1)} comes from a version before 0.1.0. Drop it and start again.`;
}
