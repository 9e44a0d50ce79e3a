import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { newExecutorId } from '../../src/database/workflow-ids.ts';
import { reportEnd } from '../../src/supervisor/database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const crashPoints = new URL('crash-points.mjs', import.meta.url).href;
const entries = { shop: 'dist/main.js', payments: 'dist/stripe-simulator/main.js' } as const;

/** A named instant at which a process can be killed; see crash-points.mjs. */
export type CrashPoint = `${'before' | 'after'} the ${'commit of' | 'call that'} ${string}`;

const deathsMax = 50;
const outputCharsMax = 20_000;

/**
 * One real process of the built program. When it dies it is started again at once under the same settings, as the
 * supervisor would.
 */
export class RealProcess {
  /** How it died, each time: the crash point, or the signal, or the exit code. */
  readonly deaths: string[] = [];
  /** The end of its output, over all restarts. */
  output = '';
  readonly #program: keyof typeof entries;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess;
  #answers: Promise<void>;
  #crashAt: CrashPoint | undefined;
  #stopping = false;
  /** Whether somebody reports its end, as the supervisor does. */
  #reported: boolean;

  /** Without an EXECUTOR_ID in `env` it chooses one for each start, as the supervisor does. */
  constructor(program: keyof typeof entries, env: Readonly<Record<string, string>>) {
    this.#program = program;
    this.#env = env;
    this.#reported = program === 'shop' && env['EXECUTOR_ID'] === undefined;
    [this.#child, this.#answers] = this.#start();
  }

  /** Waits until the process that lives now answers requests. */
  async ready(): Promise<void> {
    for (let answers: unknown; answers !== this.#answers; ) {
      answers = this.#answers;
      await this.#answers;
    }
  }

  /** From now on it dies at that point, once: the process after it runs without. */
  async arm(point: CrashPoint): Promise<void> {
    await this.ready();
    const child = this.#child;
    const armed = new Promise<void>((resolve) => {
      child.on('message', (message: { armed?: string }) => {
        if (message.armed === point) resolve();
      });
    });
    child.send({ crashAt: point });
    await armed;
  }

  /** Makes the next process that starts die at that point, once. */
  armNext(point: CrashPoint): void {
    this.#crashAt = point;
  }

  /** `kill -9`. Resolves when the process is gone; the next one is on its way by then. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /**
   * Ends it for good by a signal. Nobody reports its end, as when its host is lost (SIGKILL) or is shut down (SIGTERM). Resolves when the
   * process is gone.
   */
  async leave(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    [this.#stopping, this.#reported] = [true, false];
    const gone = once(this.#child, 'close');
    this.#child.kill(signal);
    await gone;
  }

  /** Stops it like `kill -STOP`; the returned function lets it go on. */
  freeze(): () => void {
    const child = this.#child;
    child.kill('SIGSTOP');
    return () => child.kill('SIGCONT');
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
  }

  #start(): [ChildProcess, Promise<void>] {
    const executorId = newExecutorId(this.#program);
    const child = spawn(process.execPath, ['--import', crashPoints, entries[this.#program]], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        EXECUTOR_ID: executorId,
        ...this.#env,
        ...(this.#crashAt !== undefined && { CRASH_AT: this.#crashAt }),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#crashAt = undefined;
    let reached: string | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        reached = /^crash point: (.+)$/m.exec(text)?.[1] ?? reached;
        this.output = (this.output + text).slice(-outputCharsMax);
      });
    }
    child.once('close', (code, signal) => {
      if (this.#reported) void reportEnd(this.#env['DATABASE_URL'] ?? '', executorId);
      this.#startAgain(reached ?? signal ?? `exit code ${code}`);
    });
    return [child, answers(child)];
  }

  #startAgain(death: string): void {
    if (this.#stopping) return;
    this.deaths.push(death);
    // A test that waits for it then exceeds its time limit and shows the output.
    if (this.deaths.length > deathsMax) return;
    [this.#child, this.#answers] = this.#start();
  }
}

// Also settled by a crash: the caller then checks the restarted process.
function answers(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });
}
