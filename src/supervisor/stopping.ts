import process from 'node:process';
import { describeError } from '../shared/program.ts';

export interface Stopping {
  /** Aborted by the first signal: everything ends in order. */
  readonly wanted: AbortSignal;
  /** Aborted by a later signal: everything ends at once. */
  readonly forced: AbortSignal;
  /** Resolves when `wanted` is aborted. */
  readonly requested: Promise<void>;
}

// One Ctrl-C arrives twice: from the terminal, which signals the whole process group, and from npm, which forwards it.
const sameRequestWithinMs = 1_000;

const parentPollMs = 500;

/**
 * Handles SIGINT, SIGTERM and SIGHUP from now on. The first requests an orderly end, a later one forces it.
 * With `endWithParent` the death of the parent process requests the end as well: npm sends SIGTERM to its shell, which
 * dies without forwarding it.
 */
export function listenForSignals(endWithParent: boolean): Stopping {
  const wanted = new AbortController();
  const forced = new AbortController();
  let wantedSince = 0;
  const requested = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      if (!wanted.signal.aborted) {
        wantedSince = Date.now();
        wanted.abort(new Error('A signal stopped it.'));
        resolve();
      } else if (Date.now() - wantedSince > sameRequestWithinMs) {
        forced.abort();
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    if (endWithParent) onceOrphaned(onSignal);
  });
  return { wanted: wanted.signal, forced: forced.signal, requested };
}

function onceOrphaned(callback: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, parentPollMs);
  timer.unref();
}

/** A started part of the program, which has to be stopped. */
export interface StartedPart {
  readonly name: string;
  readonly stop: () => Promise<void>;
}

/**
 * Stops all parts, the last started first. A failure does not keep the others running.
 * @returns whether all stopped without an error
 */
export async function stopParts(
  parts: readonly StartedPart[],
  log: (line: string) => void,
): Promise<boolean> {
  let clean = true;
  for (const { name, stop } of parts.toReversed()) {
    try {
      await stop();
    } catch (error) {
      clean = false;
      log(`${name} did not stop as it should: ${describeError(error)}`);
    }
  }
  return clean;
}

/** Settles with the promise, or rejects as soon as the signal is aborted. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });
  return Promise.race([promise, aborted]);
}
