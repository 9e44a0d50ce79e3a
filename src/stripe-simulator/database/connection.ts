import createKnex, { type Knex } from 'knex';

export type Database = Knex;

const millisecondsToConnect = 3_000;
const millisecondsPerStatement = 5_000;

// Every failure is thrown as well, and who catches it knows whether it matters.
const silentLog = { warn() {}, error() {}, deprecate() {}, debug() {} };

interface PoolOptions {
  readonly poolSize: number;
  /** Off for writes that may be lost with Postgres itself because doing them again is harmless. */
  readonly synchronousCommit: 'on' | 'off';
}

/** Opens a pool that connects when first used and says within three seconds that Postgres is away. */
export function connect(databaseUrl: string, { poolSize, synchronousCommit }: PoolOptions): Database {
  return createKnex({
    client: 'pg',
    connection: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: millisecondsToConnect,
      statement_timeout: millisecondsPerStatement,
      options: `-c synchronous_commit=${synchronousCommit}`,
      application_name: 'payment-service',
      keepAlive: true,
    },
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: millisecondsToConnect,
    log: silentLog,
  });
}
