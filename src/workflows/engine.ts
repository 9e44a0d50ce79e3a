import { DBOS } from '@dbos-inc/dbos-sdk';
import type { EnginePool } from '../database/engine-pool.ts';
import { limitTimeBetweenRetries } from '../database/transaction.ts';
import { applicationName, queues } from '../database/workflow-ids.ts';
import { withoutAddresses } from '../shared/address.ts';

/** The engine gives a workflow up after this many recoveries. Workflows about money continue for as long as it takes. */
export const maxRecoveryAttempts = 1_000_000;

/**
 * The options of a `DBOS.recv` that waits without a deadline. The engine records a deadline in a step of its own, six statements
 * and a commit, and has no option for none: NaN is the only number that it takes as such.
 */
export const withoutDeadline = { timeoutSeconds: Number.NaN } as const;

const queueOptions = {
  // Without a bound: a checkout runs for as long as its shopper takes to pay. Take-over itself goes in batches.
  [queues.checkout]: { minPollingIntervalMs: 500 },
  // Orders become due once a second, all at once. With every poll, this many keep up with 250 orders a second. An idle shop spends
  // most of its time on polls: each costs four statements.
  [queues.dispatch]: { workerConcurrency: 125, minPollingIntervalMs: 500 },
  // A refund may wait for its provider without end, and must not delay the others.
  [queues.money]: { workerConcurrency: 50 },
  [queues.email]: { workerConcurrency: 10 },
};

/** Opens the queues of the workflows; call it once DBOS is launched. */
export async function openQueues(): Promise<void> {
  for (const [queue, options] of Object.entries(queueOptions)) {
    await DBOS.registerQueue(queue, { ...options, onConflict: 'always_update' });
  }
}

/** Runs a task of a schedule as a step. A failure is logged, and the next run tries again. */
export function runScheduledTask(name: string, run: () => Promise<unknown>): Promise<'done' | 'failed'> {
  return DBOS.runStep(
    async () => {
      try {
        await run();
        return 'done';
      } catch (error) {
        DBOS.logger.warn(`${name} failed; the next run tries again: ${String(error)}`);
        return 'failed';
      }
    },
    { name },
  );
}

/** The part of a log that the engine uses. */
interface Log {
  child(bindings: object): Log;
  debug(entry: unknown): void;
  warn(entry: unknown): void;
  error(entry: unknown): void;
}

/**
 * Configures DBOS for one shop process; call it before the launch. `executorId` names this start of the process. The caller closes
 * the pool after the engine.
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
    // One version for ever: orders in flight continue after a deployment, and changed steps need another version number (decision 13).
    enablePatching: true,
    // A process takes no workflow that only a newer build knows: a new kind gets a queue with a new name. The engine's own queue, which
    // schedules use, is not left out.
    listenQueues: Object.values(queues),
    runMigrations: false,
    // The engine wakes up this often to announce workflow events and streams. The shop has neither.
    notificationCoalesceMs: 60_000,
    logger: engineLogger(logger),
  });
}

/**
 * Launches the engine; with a Conductor it connects to that, which recovers the workflows of processes that have stopped answering it.
 * @param label names this process there, where the engine has an id of its own
 * @throws when the package of the Conductor is not installed
 */
export async function launchEngine(
  conductor: { readonly key: string; readonly url: string | undefined } | undefined,
  label: string,
): Promise<void> {
  if (!conductor) return DBOS.launch();
  await DBOS.launch({
    conductorKey: conductor.key,
    ...(conductor.url !== undefined && { conductorURL: conductor.url }),
    conductorExecutorMetadata: { label },
  });
}

/** The id under which the engine claims workflows: with a Conductor, it chooses one at each launch. */
export function engineExecutorId(): string {
  return DBOS.executorID;
}

/** The log of the engine and of the workflows. An error of the provider in it may repeat the address of a buyer. */
export function engineLogger(logger: Log) {
  const log = logger.child({ part: 'engine' });
  const clean = (entry: unknown): unknown => (typeof entry === 'string' ? withoutAddresses(entry) : entry);
  return {
    debug: (entry: unknown) => log.debug(clean(entry)),
    info: (entry: unknown) => log.debug(clean(entry)),
    warn: (entry: unknown) => log.warn(clean(entry)),
    error: (entry: unknown) => log.error(clean(entry)),
  };
}
