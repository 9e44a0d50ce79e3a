import { DBOS } from '@dbos-inc/dbos-sdk';
import type { EnginePool } from '../database/engine-pool.ts';
import { limitTimeBetweenRetries } from '../database/transaction.ts';
import { applicationName } from '../database/workflow-ids.ts';

/** The engine gives a workflow up after this many recoveries. Workflows about money continue for as long as it takes. */
export const maxRecoveryAttempts = 1_000_000;

/** The log that the engine writes to, as far as it needs one. */
interface Log {
  child(bindings: object): Log;
  debug(entry: unknown): void;
  warn(entry: unknown): void;
  error(entry: unknown): void;
}

/**
 * Configures DBOS for one shop process; call it before the launch. `executorId` names the process for ever; whoever gives the
 * pool closes it after the engine.
 */
export function configureEngine(
  config: { readonly databaseUrl: string; readonly executorId: string },
  pool: EnginePool,
  logger: Log,
): void {
  limitTimeBetweenRetries();
  DBOS.setConfig({
    name: applicationName,
    systemDatabaseUrl: config.databaseUrl,
    systemDatabasePool: pool,
    executorID: config.executorId,
    // One version for ever: orders in flight go on after a deployment, and changed steps need another version number (decision 13).
    enablePatching: true,
    runMigrations: false,
    notificationCoalesceMs: 1,
    logger: engineLogger(logger),
  });
}

function engineLogger(logger: Log) {
  const log = logger.child({ part: 'engine' });
  return {
    debug: (entry: unknown) => log.debug(entry),
    info: (entry: unknown) => log.debug(entry),
    warn: (entry: unknown) => log.warn(entry),
    error: (entry: unknown) => log.error(entry),
  };
}
