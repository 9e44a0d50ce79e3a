import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { keepConnected } from '../database/keep-connected.ts';
import { isRunningHere } from '../database/transaction.ts';
import {
  deadAfterSeconds,
  type Executor,
  endExecutor,
  endSilentExecutors,
  giveBack,
  listClaims,
  renewExecutor,
  takeOver,
  workflowsAtOnce,
} from '../database/transactions/executors.ts';
import { isPostgresAway } from '../shared/outage.ts';
import { type Statement, statementsOn } from '../shared/statement.ts';

/** The heartbeat of this process, and its watch over the others (decision 21). */
export interface Liveness {
  /**
   * Begins. Resolves when the row of this process exists: until then its workflows would count as those of an unknown process.
   * @param executorId the id under which the engine claims workflows
   */
  start(executorId: string): Promise<void>;
  /** The id of this process; undefined before the start. */
  executorId(): string | undefined;
  /** Milliseconds since the last heartbeat that Postgres confirmed. */
  silentMs(): number;
  /** The failure because of which the heartbeat is silent; undefined while it works. */
  failure(): unknown;
  /** Records the end of this process, after its engine has stopped. Never throws: the others notice its silence anyway. */
  end(): Promise<void>;
}

const everyMs = 1_000;
// Three missed beats of our own: the whole system stood still, or this process did, and the others may be alive.
const gapMs = 3_000;
// Every ten seconds.
const beatsBetweenChecks = 10;
// The queue claims one batch before the next comes.
const betweenBatchesMs = 200;
const endWithinMs = 2_000;

export interface LivenessOptions {
  readonly databaseUrl: string;
  /** The version of the program. */
  readonly build: string;
  /** Set when a Conductor recovers the workflows of its processes. */
  readonly conductor: object | undefined;
  /** Called for every connection of the heartbeat that was lost, hung or could not be made. The process's others may hang as well. */
  readonly onLostConnection: () => void;
}

/**
 * Renews the row of this process every second, declares silent processes dead, and takes over their workflows; with a Conductor, only
 * those of processes that ran without one. It uses one connection of its own, so that neither a busy pool nor a slow disk delays it.
 */
export function createLiveness({
  databaseUrl,
  build,
  conductor,
  onLostConnection,
}: LivenessOptions): Liveness {
  let me: Executor | undefined;
  const closing = new AbortController();
  const watch = new Watch();
  let lastBeatAt = performance.now();
  let failure: unknown;
  let done = Promise.resolve();
  const ending = new AbortController();

  const beat = async (sql: Statement, executor: Executor, count: number): Promise<boolean> => {
    const { executorId } = executor;
    const { seenAt, someEnded } = await renewExecutor(sql, executor);
    watch.beat(seenAt.getTime());
    lastBeatAt = performance.now();
    failure = undefined;
    if (count % beatsBetweenChecks === 0) await giveBackLostClaims(sql, executorId);
    const isSteady = watch.isSteady();
    return observe(sql, { executorId, isSteady, someEnded, conductor: conductor !== undefined });
  };
  const keepBeating = (executor: Executor, onFirst: () => void): Promise<void> =>
    keepConnected(
      {
        databaseUrl,
        name: 'heartbeat',
        onFailure: (error) => {
          failure = error;
          if (isPostgresAway(error)) onLostConnection();
        },
        onTrouble: (error) => {
          DBOS.logger.warn(`The heartbeat has failed; trying again: ${String(error)}`);
        },
        use: async (client, over, working) => {
          // A heartbeat that a crash of Postgres loses is replaced a second later.
          await client.query('set synchronous_commit = off');
          const sql = statementsOn(client);
          const signal = AbortSignal.any([over, ending.signal]);
          for (let count = 1; !signal.aborted; count += 1) {
            const more = await beat(sql, executor, count);
            working();
            onFirst();
            await pause(more ? betweenBatchesMs : everyMs, undefined, { signal }).catch(() => undefined);
          }
          // No heartbeat may follow, which would declare this process living again.
          if (over.aborted) return;
          await endExecutor(sql, executor.executorId);
          closing.abort();
        },
      },
      closing.signal,
    );
  return {
    start: (executorId) =>
      new Promise((resolve) => {
        me = { executorId, host: hostname(), build };
        done = keepBeating(me, resolve);
      }),
    executorId: () => me?.executorId,
    silentMs: () => performance.now() - lastBeatAt,
    failure: () => failure,
    end: async () => {
      ending.abort();
      await Promise.race([done, pause(endWithinMs)]);
      closing.abort();
      await done;
    },
  };
}

/**
 * Gives back the workflows that this process has claimed and does not run: the answer to the commit of the claim was lost, or a newer
 * version started a workflow that this one does not know.
 */
async function giveBackLostClaims(sql: Statement, executorId: string): Promise<void> {
  const claimed = await listClaims(sql, executorId);
  const lost = claimed.filter((workflowId) => !isRunningHere(workflowId));
  if (lost.length === 0) return;
  await giveBack(sql, executorId, lost);
  DBOS.logger.warn(`Gave back ${lost.length} workflows that were claimed and did not run.`);
}

interface Observation {
  readonly executorId: string;
  readonly isSteady: boolean;
  readonly someEnded: boolean;
  readonly conductor: boolean;
}

/**
 * Declares silent processes dead, and takes over a batch of the workflows of all that have ended.
 * @returns whether there may be more of them
 */
async function observe(
  sql: Statement,
  { executorId, isSteady, someEnded, conductor }: Observation,
): Promise<boolean> {
  const silent = isSteady ? await endSilentExecutors(sql, executorId) : [];
  if (silent.length > 0)
    DBOS.logger.warn(`Silent for ${deadAfterSeconds} s, declared dead: ${silent.join(', ')}`);
  if (!someEnded && silent.length === 0) return false;
  const workflows = await takeOver(sql, executorId, { conductor });
  if (workflows > 0) DBOS.logger.warn(`Took over ${workflows} workflows of processes that have ended.`);
  return workflows === workflowsAtOnce;
}

/** The gaps between the heartbeats of this process, by the clock of Postgres: it also runs while this machine sleeps. */
export class Watch {
  #lastBeat: number | undefined;
  #steadySince = 0;

  /** Notes a heartbeat at that time, in milliseconds. A clock that was set counts as a gap. */
  beat(at: number): void {
    const sinceLast = at - (this.#lastBeat ?? Number.NEGATIVE_INFINITY);
    if (sinceLast > gapMs || sinceLast < 0) this.#steadySince = at;
    this.#lastBeat = at;
  }

  /** Without a gap for as long as the others must have been silent: otherwise the silence may be our own. */
  isSteady(): boolean {
    return this.#lastBeat !== undefined && this.#lastBeat - this.#steadySince > deadAfterSeconds * 1000;
  }
}
