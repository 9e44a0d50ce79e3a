import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

// Lets two writers take turns, one statement at a time. Each statement stops at a barrier before it reaches Postgres, and a scheduler
// decides which writer goes on.

const writing = new AsyncLocalStorage<Writer>();

/** A writer that runs, and where it is. */
class Writer {
  outcome: unknown;
  ended = false;
  /** Process id of the server of its last connection. */
  server = 0;
  /** Resolves at its next barrier, and at its end. */
  stopped: Promise<void>;
  #stop: () => void = () => undefined;
  #goOn: (() => void) | undefined;

  constructor(run: () => Promise<unknown>) {
    this.stopped = this.#nextStop();
    const end = (outcome: unknown) => {
      [this.outcome, this.ended] = [outcome, true];
      this.#stop();
    };
    writing.run(this, run).then(end, (error: unknown) => end(`throws ${String(error)}`));
  }

  /** Its next statement is at the barrier. */
  get isReady(): boolean {
    return this.#goOn !== undefined;
  }

  /** Holds a statement back until the scheduler lets it go. */
  arrive(server: number): Promise<void> {
    this.server = server;
    return new Promise((goOn) => {
      this.#goOn = goOn;
      this.#stop();
    });
  }

  /** Lets its next statement go. */
  goOn(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    this.stopped = this.#nextStop();
    goOn?.();
  }

  #nextStop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stop = resolve;
    });
  }
}

type Query = (this: Client, ...args: unknown[]) => Promise<unknown>;

/**
 * Puts the barrier before every statement of a writer, whichever connection sends it. A `COMMIT` is a statement too. The engine's
 * statements about the writer's own workflow pass: no other writer touches those rows.
 * @returns a function that removes the barrier
 */
export function installBarrier(): () => void {
  const query = Client.prototype.query as unknown as Query;
  const changed = new WeakSet<Client>();
  Client.prototype.query = function guarded(this: Client, ...args: unknown[]): never {
    const send = () => query.apply(this, args);
    const writer = writing.getStore();
    const text = typeof args[0] === 'string' ? args[0] : (args[0] as { text: string }).text;
    const ends = /^(commit|rollback)/i.exec(text)?.[1]?.toLowerCase();
    const isOfWriter = ends === undefined ? !passes.test(text) : changed.has(this);
    if (!writer || !isOfWriter) return send() as never;
    if (ends === undefined) changed.add(this);
    else changed.delete(this);
    // A rollback follows an error, which has ended the transaction already.
    if (ends === 'rollback') return send() as never;
    const { processID } = this as Client & { readonly processID: number };
    return writer.arrive(processID).then(send) as never;
  };
  return () => {
    Client.prototype.query = query as never;
  };
}

// The engine quotes its schema; the shop does not. The others begin a transaction or a connection.
const passes = /"dbos"\.|^(begin|set|select version|select 1$)/i;

/** The two writers of a race. */
export type Runs = readonly [() => Promise<unknown>, () => Promise<unknown>];

/** Each time that both writers could go: 0 when the one goes on that went before, 1 when the other one does. */
export type Schedule = readonly (0 | 1)[];

/** One interleaving: the outcomes of the writers, and the choices that led there. */
interface Race {
  readonly outcomes: readonly unknown[];
  readonly schedule: Schedule;
}

/** The first writer runs to its end before the second begins; and the other way round. */
export const serially = { inOrder: [], reversed: [1] } as const satisfies Record<string, Schedule>;

/**
 * Runs two writers at once. After the last choice of the schedule there is no change of turn but where a writer ends, or waits for a
 * lock of the other one.
 * @param observer a connection that takes no part
 */
export async function runRace(observer: Client, runs: Runs, schedule: Schedule): Promise<Race> {
  const writers = [new Writer(runs[0]), new Writer(runs[1])] as const;
  const taken: (0 | 1)[] = [];
  for (let turn: 0 | 1 = 0; ; ) {
    await settle(observer, writers);
    const others: 0 | 1 = turn === 0 ? 1 : 0;
    if (writers[turn].isReady && writers[others].isReady) {
      const choice = schedule[taken.length] ?? 0;
      taken.push(choice);
      if (choice === 1) turn = others;
    } else if (writers[others].isReady) turn = others;
    else if (!writers[turn].isReady) break;
    writers[turn].goOn();
  }
  return { outcomes: writers.map(({ outcome }) => outcome), schedule: taken };
}

/**
 * The next schedule after one that was run, depth first; undefined after the last.
 * @param changesAtMost how often the turn changes by choice, after the first one
 */
export function nextSchedule(schedule: Schedule, changesAtMost: number): Schedule | undefined {
  for (let index = schedule.length - 1; index >= 0; index -= 1) {
    const before = schedule.slice(0, index);
    const changes = before.slice(1).filter((choice) => choice === 1).length;
    if (schedule[index] === 0 && (index === 0 || changes < changesAtMost)) return [...before, 1];
  }
  return undefined;
}

// Most statements take less. Postgres is asked about the others.
const lookEveryMs = 2;

/** Waits until each writer is at the barrier, has ended, or waits for a lock of the other, which is at the barrier. */
async function settle(observer: Client, writers: readonly [Writer, Writer]): Promise<void> {
  for (;;) {
    const running = writers.filter(({ isReady, ended }) => !isReady && !ended);
    if (running.length === 0) return;
    await Promise.race([...running.map(({ stopped }) => stopped), pause(lookEveryMs)]);
    const [one, other] = writers[0].isReady ? [writers[1], writers[0]] : writers;
    // Two writers that wait for each other are a deadlock, which Postgres ends.
    if (!other.isReady || one.isReady || one.ended) continue;
    const { rows } = await observer.query<{ waits: boolean }>(
      'select $2 = any(pg_blocking_pids($1)) as waits',
      [one.server, other.server],
    );
    if (rows[0]?.waits && !one.isReady && !one.ended) return;
  }
}
