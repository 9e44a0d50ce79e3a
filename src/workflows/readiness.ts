import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { compareMigrations } from '../database/migration-source.ts';
import { readDatabaseState } from '../database/queries/readiness.ts';
import type { UnreadyCause } from '../domain/readiness.ts';
import { isPostgresAway } from '../shared/outage.ts';
import { describeError, StartError } from '../shared/program.ts';
import type { Liveness } from './liveness.ts';

// Three missed heartbeats.
const silentMsAtMost = 3_000;
// A request that failed for want of space says that the next one fails as well. After this time the shop tries again.
const diskFullMs = 10_000;

const diskFull = '53100';
const readOnly = '25006';

/** Whether this process can take orders now. */
export class Readiness {
  #draining = false;
  #diskFullUntil = 0;

  constructor(
    readonly database: Database,
    readonly liveness: () => Liveness | undefined,
  ) {}

  /** From now on the process takes no new orders, because it is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** Notes the failure of a request. */
  noteFailure(error: unknown): void {
    if (codeOf(error) === diskFull) this.#diskFullUntil = Date.now() + diskFullMs;
  }

  /** The cause why no order can be taken; null when all is well. */
  async check(): Promise<UnreadyCause | null> {
    if (this.#draining) return 'draining';
    const liveness = this.liveness();
    if (!liveness || !DBOS.isInitialized()) return 'starting';
    if (Date.now() < this.#diskFullUntil) return 'disk_full';
    let state: Awaited<ReturnType<typeof readDatabaseState>>;
    try {
      state = await readDatabaseState(this.database);
    } catch {
      return 'database_away';
    }
    if (state.readOnly) return 'database_read_only';
    const schema = await compareMigrations(state.migrations);
    if (schema !== 'same') return schema;
    if (liveness.silentMs() < silentMsAtMost) return null;
    const code = codeOf(liveness.failure());
    if (code === readOnly) return 'database_read_only';
    return code === diskFull ? 'disk_full' : 'no_heartbeat';
  }
}

const startWithinMs = 60_000;
const lookEveryMs = 500;
const undefinedTable = '42P01';

/**
 * Waits for a database that starts later than the shop, for a minute.
 * @throws StartError when it does not answer by then, or has no schema that this version can work with
 */
export async function awaitDatabase(database: Database): Promise<void> {
  const until = Date.now() + startWithinMs;
  for (;;) {
    try {
      const { migrations } = await readDatabaseState(database);
      const schema = await compareMigrations(migrations);
      if (schema === 'schema_older') throw notMigrated();
      if (schema === 'schema_newer') {
        throw new StartError('The database was migrated for a version that this one cannot work with.');
      }
      return;
    } catch (error) {
      if (codeOf(error) === undefinedTable) throw notMigrated();
      if (!isPostgresAway(error)) throw error;
      if (Date.now() > until) throw new StartError(`The database does not answer: ${describeError(error)}`);
      await pause(lookEveryMs);
    }
  }
}

function notMigrated(): StartError {
  return new StartError('The database has not been migrated for this version. Run: node dist/migrate.js');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? ((error as { code?: unknown }).code ?? codeOf(error.cause)) : undefined;
}
