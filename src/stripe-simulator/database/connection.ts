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

// SQLSTATE classes: 08 connection, 53 out of resources, 57P0x shutting down or starting up; the rest is from the socket.
const awayCodes = /^(08...|53...|57P0[123]|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND)$/;
const awayMessages =
  /Connection terminated|Connection ended|timeout exceeded when trying to connect|Timeout acquiring a connection/;

/** Whether an error says that Postgres could not be reached, rather than that the statement was wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return awayCodes.test(code) || awayMessages.test(error.message);
}
