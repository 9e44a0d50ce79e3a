import type { ChildProcess } from 'node:child_process';
import { StartError } from '../shared/program.ts';

export interface KeptProcessOptions {
  /** The name of the process in messages. */
  readonly name: string;
  /** Starts the process. It sends the message `ready` when it can do its work. */
  readonly spawn: () => ChildProcess;
  readonly log: (line: string) => void;
  /** Once aborted, a process that ends is not restarted: the signal that ends this program reaches its children too. */
  readonly stopping: AbortSignal;
  /** A process that lived shorter died young, and the next start waits longer. */
  readonly youngMs?: number;
}

const firstAttemptsMax = 3;
const readyWithinMs = 60_000;
const usuallyYoungMs = 2_000;
const pauseMinMs = 100;
const pauseMaxMs = 5_000;

/**
 * Starts a process and restarts it whenever it dies: at once, or after growing pauses when it keeps dying young.
 * A process that never became ready is given up after three attempts. One that was ready once is restarted for ever.
 */
export class KeptProcess {
  /** Resolves when the process is ready for the first time; rejects with a StartError when it cannot start. */
  readonly ready: Promise<void>;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #wasReady = false;
  #diedYoung = 0;
  #resolveReady: () => void = () => undefined;
  #rejectReady: (error: StartError) => void = () => undefined;

  constructor(readonly options: KeptProcessOptions) {
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Nobody waits for this promise when the process is stopped before it was ready.
    this.ready.catch(() => undefined);
    this.#start();
  }

  /** Ends the process and starts it again, by a new call of `spawn`. */
  restart(): void {
    this.#diedYoung = 0;
    this.#child?.kill('SIGTERM');
  }

  /** Ends the process for good: SIGTERM first, SIGKILL after `graceMs` or when `forced` is aborted. */
  async stop(graceMs: number, forced: AbortSignal): Promise<void> {
    this.#stopped = true;
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
      if (!this.#stopped && !this.options.stopping.aborted) this.#startAgain(how, Date.now() - startedAt);
    };
    child.once('exit', (code, signal) => {
      ended(signal ?? `exit code ${code}`);
    });
    child.on('error', (error) => {
      // A process without an id never ran, and has no exit event.
      if (child.pid === undefined) ended(error.message);
    });
  }

  #startAgain(how: string, livedMs: number): void {
    const { name, log, youngMs = usuallyYoungMs } = this.options;
    const pauseMs = this.#diedYoung === 0 ? 0 : Math.min(pauseMinMs * 2 ** (this.#diedYoung - 1), pauseMaxMs);
    this.#diedYoung = livedMs < youngMs || !this.#wasReady ? this.#diedYoung + 1 : 0;
    if (!this.#wasReady && this.#diedYoung === firstAttemptsMax) {
      const text = `${name} does not start: it ended ${firstAttemptsMax} times (${how}). Its own messages are above.`;
      this.#rejectReady(new StartError(text));
      return;
    }
    log(`${name} ended (${how}), starting it again${pauseMs > 0 ? ` in ${pauseMs / 1000} s` : ''}`);
    this.#timer = setTimeout(() => {
      this.#start();
    }, pauseMs);
  }
}
