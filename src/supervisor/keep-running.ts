import type { ChildProcess } from 'node:child_process';
import { StartFault } from './faults.ts';

export interface KeepRunningOptions {
  /** What it is called in messages. */
  readonly name: string;
  /** Starts the process. It sends the message `ready` when it can do its work. */
  readonly spawn: () => ChildProcess;
  readonly log: (line: string) => void;
}

export interface Kept {
  /** Resolves when the process was ready once; rejects with a StartFault when it cannot start. */
  readonly ready: Promise<void>;
  /** Ends the process and starts it again, with what `spawn` gives it by then. */
  restart(): void;
  /** Ends the process for good: SIGTERM first, SIGKILL after `graceMs` or when `forced` is aborted. */
  stop(graceMs: number, forced: AbortSignal): Promise<void>;
}

const firstAttemptsMax = 3;
const readyWithinMs = 60_000;
const youngMs = 2_000;
const pauseMinMs = 100;
const pauseMaxMs = 5_000;

/**
 * Starts a process and starts it again whenever it dies: at once, unless it keeps dying young.
 * One that never became ready is tried three times and then given up; after that it is tried for ever.
 */
export function keepRunning(options: KeepRunningOptions): Kept {
  return new KeptProcess(options);
}

class KeptProcess implements Kept {
  readonly ready: Promise<void>;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #wasReady = false;
  #diedYoung = 0;
  #resolveReady: () => void = () => undefined;
  #rejectReady: (fault: StartFault) => void = () => undefined;

  constructor(readonly options: KeepRunningOptions) {
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Who stops it before it was ready does not wait for this promise.
    this.ready.catch(() => undefined);
    this.#start();
  }

  restart(): void {
    this.#diedYoung = 0;
    this.#child?.kill('SIGTERM');
  }

  async stop(graceMs: number, forced: AbortSignal): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const kill = (): void => {
      child.kill('SIGKILL');
    };
    const timer = setTimeout(kill, graceMs);
    forced.addEventListener('abort', kill);
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
    });
    child.kill(forced.aborted ? 'SIGKILL' : 'SIGTERM');
    await ended;
    clearTimeout(timer);
    forced.removeEventListener('abort', kill);
  }

  #start(): void {
    const startedAt = Date.now();
    const child = this.options.spawn();
    this.#child = child;
    const lateTimer = setTimeout(() => {
      this.options.log(`${this.options.name} is not ready after ${readyWithinMs / 1000} s, ending it`);
      child.kill('SIGKILL');
    }, readyWithinMs);
    child.on('message', (message) => {
      if (message !== 'ready') return;
      clearTimeout(lateTimer);
      this.#wasReady = true;
      this.#resolveReady();
    });
    const ended = (how: string): void => {
      clearTimeout(lateTimer);
      this.#child = undefined;
      if (!this.#stopping) this.#startAgain(how, Date.now() - startedAt);
    };
    child.once('exit', (code, signal) => {
      ended(signal ?? `exit code ${code}`);
    });
    child.on('error', (error) => {
      // Without a process id it never ran, and there will be no exit.
      if (child.pid === undefined) ended(error.message);
    });
  }

  #startAgain(how: string, livedMs: number): void {
    const { name, log } = this.options;
    const pauseMs = this.#diedYoung === 0 ? 0 : Math.min(pauseMinMs * 2 ** (this.#diedYoung - 1), pauseMaxMs);
    this.#diedYoung = livedMs < youngMs || !this.#wasReady ? this.#diedYoung + 1 : 0;
    if (!this.#wasReady && this.#diedYoung === firstAttemptsMax) {
      const fault = `${name} does not start: it ended ${firstAttemptsMax} times (${how}). Its own words are above.`;
      this.#rejectReady(new StartFault(fault));
      return;
    }
    log(`${name} ended (${how}), starting it again${pauseMs > 0 ? ` in ${pauseMs / 1000} s` : ''}`);
    this.#timer = setTimeout(() => {
      this.#start();
    }, pauseMs);
  }
}
