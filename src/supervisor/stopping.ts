import process from 'node:process';
import { describe } from './faults.ts';

export interface Stopping {
  /** Aborted when somebody wants this process to end. */
  readonly wanted: AbortSignal;
  /** Aborted when somebody insists. */
  readonly forced: AbortSignal;
  /** Resolves when the end is wanted. */
  readonly requested: Promise<void>;
}

// One Ctrl-C arrives twice: from the terminal, which tells the whole process group, and from npm, which passes it on.
const sameWishWithinMs = 1_000;

const lookForParentEveryMs = 500;

/**
 * Listens to SIGINT, SIGTERM and SIGHUP from now on. The first asks for an orderly end, a later one forces it.
 * With `endWithParent` the death of the process that started us asks for the end as well: npm passes SIGTERM to its
 * shell, which dies of it and tells nobody.
 */
export function listenForSignals(endWithParent: boolean): Stopping {
  const wanted = new AbortController();
  const forced = new AbortController();
  let wantedSince = 0;
  const requested = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      if (!wanted.signal.aborted) {
        wantedSince = Date.now();
        wanted.abort(new Error('It was told to stop.'));
        resolve();
      } else if (Date.now() - wantedSince > sameWishWithinMs) {
        forced.abort();
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    if (endWithParent) onceOrphaned(onSignal);
  });
  return { wanted: wanted.signal, forced: forced.signal, requested };
}

function onceOrphaned(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, lookForParentEveryMs);
  timer.unref();
}

/** Something that was started and has to end again. */
export interface Ending {
  readonly name: string;
  readonly end: () => Promise<void>;
}

/**
 * Ends everything, last started first. One that fails to end does not keep the others from ending.
 * @returns whether all ended as they should.
 */
export async function endAll(endings: readonly Ending[], log: (line: string) => void): Promise<boolean> {
  let clean = true;
  for (const { name, end } of endings.toReversed()) {
    try {
      await end();
    } catch (error) {
      clean = false;
      log(`${name} did not end as it should: ${describe(error)}`);
    }
  }
  return clean;
}

/** Resolves with the promise, and rejects as soon as the signal is aborted. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const give = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
  });
  return Promise.race([promise, aborted]);
}
