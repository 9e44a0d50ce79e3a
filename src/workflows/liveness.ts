import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { keepConnected } from '../database/keep-connected.ts';
import {
  deadAfterSeconds,
  type Executor,
  endExecutor,
  endSilentExecutors,
  renewExecutor,
  takeOver,
  workflowsAtOnce,
} from '../database/transactions/executors.ts';
import { type Statement, statementsOn } from '../shared/statement.ts';

/** The heartbeat of this process, and its watch over the others (decision 21). */
export interface Liveness {
  /** Begins. Resolves when the row of this process exists: until then its workflows would count as those of an unknown process. */
  start(): Promise<void>;
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
// The queue claims one batch before the next comes.
const betweenBatchesMs = 200;
const endWithinMs = 2_000;

export interface LivenessOptions {
  readonly databaseUrl: string;
  readonly executorId: string;
  /** The version of the program. */
  readonly build: string;
  /** Whether this process takes over the workflows of ended ones. */
  readonly takesOver: boolean;
}

/**
 * Renews the row of this process every second, declares silent processes dead, and takes over their workflows. It uses one connection
 * of its own, so that neither a busy pool nor a slow disk delays it.
 */
export function createLiveness({ databaseUrl, executorId, build, takesOver }: LivenessOptions): Liveness {
  const me: Executor = { executorId, host: hostname(), build };
  const closing = new AbortController();
  const watch = new Watch();
  let failure: unknown;
  let done = Promise.resolve();
  const ending = new AbortController();

  const beat = async (sql: Statement, working: () => void, over: AbortSignal): Promise<void> => {
    const { someEnded } = await renewExecutor(sql, me);
    watch.beat();
    failure = undefined;
    working();
    const more = takesOver && (await observe(sql, { executorId, isSteady: watch.isSteady(), someEnded }));
    const signal = AbortSignal.any([over, ending.signal]);
    await pause(more ? betweenBatchesMs : everyMs, undefined, { signal }).catch(() => undefined);
  };
  const keepBeating = (onFirst: () => void): Promise<void> =>
    keepConnected(
      {
        databaseUrl,
        name: 'heartbeat',
        onTrouble: (error) => {
          failure = error;
          DBOS.logger.warn(`The heartbeat has failed; trying again: ${String(error)}`);
        },
        use: async (client, over, working) => {
          // A heartbeat that a crash of Postgres loses is replaced a second later.
          await client.query('set synchronous_commit = off');
          const sql = statementsOn(client);
          const first = (): void => {
            working();
            onFirst();
          };
          while (!ending.signal.aborted && !over.aborted) await beat(sql, first, over);
          // No heartbeat may follow, which would declare this process living again.
          if (over.aborted) return;
          await endExecutor(sql, executorId);
          closing.abort();
        },
      },
      closing.signal,
    );
  return {
    start: () =>
      new Promise((resolve) => {
        done = keepBeating(resolve);
      }),
    silentMs: () => watch.silentMs(),
    failure: () => failure,
    end: async () => {
      ending.abort();
      await Promise.race([done, pause(endWithinMs)]);
      closing.abort();
      await done;
    },
  };
}

interface Observation {
  readonly executorId: string;
  readonly isSteady: boolean;
  readonly someEnded: boolean;
}

/**
 * Declares silent processes dead, and takes over a batch of the workflows of all that have ended.
 * @returns whether there may be more of them
 */
async function observe(sql: Statement, { executorId, isSteady, someEnded }: Observation): Promise<boolean> {
  const silent = isSteady ? await endSilentExecutors(sql, executorId) : [];
  if (silent.length > 0)
    DBOS.logger.warn(`Silent for ${deadAfterSeconds} s, declared dead: ${silent.join(', ')}`);
  if (!someEnded && silent.length === 0) return false;
  const workflows = await takeOver(sql, executorId);
  if (workflows > 0) DBOS.logger.warn(`Took over ${workflows} workflows of processes that have ended.`);
  return workflows === workflowsAtOnce;
}

/** The gaps between the heartbeats of this process. */
class Watch {
  #lastBeat = performance.now();
  #steadySince = performance.now();

  beat(): void {
    const now = performance.now();
    if (now - this.#lastBeat > gapMs) this.#steadySince = now;
    this.#lastBeat = now;
  }

  silentMs(): number {
    return performance.now() - this.#lastBeat;
  }

  /** Without a gap for as long as the others must have been silent: otherwise the silence may be our own. */
  isSteady(): boolean {
    return this.#lastBeat - this.#steadySince > deadAfterSeconds * 1000;
  }
}
