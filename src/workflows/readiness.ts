import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { compareMigrations } from '../database/migration-source.ts';
import { sharesConnections } from '../database/pooler.ts';
import { readSchema, readWritableSchema } from '../database/queries/readiness.ts';
import { findServerFaults } from '../database/server-faults.ts';
import type { UnreadyCause } from '../domain/readiness.ts';
import { databaseMissing, isPostgresAway, readOnly, tableMissing } from '../shared/outage.ts';
import { nameOfDatabase } from '../shared/postgres-address.ts';
import { describeError, StartError } from '../shared/program.ts';
import type { Liveness } from './liveness.ts';

// Three missed heartbeats.
const silentMsAtMost = 3_000;
// A request that failed for want of space says that the next one fails as well. After this time the shop tries again.
const diskFullMs = 10_000;

/** The states of Postgres (SQLSTATE) that are a cause of their own. */
const causes: Readonly<Record<string, UnreadyCause>> = {
  [readOnly]: 'database_read_only',
  '53100': 'disk_full',
  [tableMissing]: 'schema_older',
  [databaseMissing]: 'schema_older',
};

/** Whether this process can take orders now. */
export class Readiness {
  #draining = false;
  #diskFullUntil = 0;

  constructor(
    readonly database: Database,
    readonly liveness: Liveness,
  ) {}

  /** From now on the process takes no new orders, because it is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** Notes the failure of a request. */
  noteFailure(error: unknown): void {
    if (causeOf(error) === 'disk_full') this.#diskFullUntil = Date.now() + diskFullMs;
  }

  /** The cause why no order can be taken; null when all is well. */
  async check(): Promise<UnreadyCause | null> {
    if (this.#draining) return 'draining';
    if (!DBOS.isInitialized()) return 'starting';
    if (Date.now() < this.#diskFullUntil) return 'disk_full';
    try {
      const executorId = this.liveness.executorId() ?? '';
      const migrations = await readWritableSchema(this.database, executorId);
      const schema = migrations === undefined ? 'no_heartbeat' : await compareMigrations(migrations);
      if (schema !== 'same') return schema;
    } catch (error) {
      return causeOf(error) ?? 'database_away';
    }
    if (this.liveness.silentMs() < silentMsAtMost) return null;
    return causeOf(this.liveness.failure()) ?? 'no_heartbeat';
  }
}

interface ShopDatabase {
  readonly databaseUrl: string;
  /** Whether a server that may lose a confirmed commit is refused. */
  readonly production: boolean;
}

const startWithinMs = 60_000;
const lookEveryMs = 500;

/**
 * Waits for a database that starts later than the shop, for a minute.
 * @throws StartError when it does not answer by then, has no schema that this version can work with, or shares connections
 */
export async function awaitDatabase(
  database: Database,
  { databaseUrl, production: durable }: ShopDatabase,
): Promise<void> {
  const until = Date.now() + startWithinMs;
  const name = nameOfDatabase(databaseUrl);
  for (let tries = 1; ; tries += 1) {
    try {
      const schema = await compareMigrations(await readSchema(database));
      if (schema === 'schema_older') throw notMigrated();
      if (schema === 'schema_newer') {
        throw new StartError('The database was migrated for a version that this one cannot work with.');
      }
      const faults = await findServerFaults(databaseUrl, { writable: false, durable });
      if (faults.length > 0) throw new StartError(`The database cannot be used. ${faults.join(' ')}`);
      if (await sharesConnections(databaseUrl)) {
        throw new StartError(
          'The database is behind a pooler in transaction mode. The shop needs its connections for itself (PgBouncer: pool_mode = session).',
        );
      }
      return;
    } catch (error) {
      if (causeOf(error) === 'schema_older') throw notMigrated();
      if (!isPostgresAway(error)) throw error;
      if (Date.now() > until) throw new StartError(`${name} does not answer: ${describeError(error)}`);
      if (tries === 1)
        DBOS.logger.warn(`Waiting for a minute. ${name} does not answer: ${describeError(error)}`);
      await pause(lookEveryMs);
    }
  }
}

function notMigrated(): StartError {
  return new StartError('The database has not been migrated for this version. Run: node dist/migrate.js');
}

function causeOf(error: unknown): UnreadyCause | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' ? causes[code] : undefined) ?? causeOf(error.cause);
}
