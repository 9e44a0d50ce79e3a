import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { request } from 'undici';
import { waitFor } from '../support/wait.ts';
import type { Link, Target } from './link.ts';
import type { HostNetwork, Peer } from './network.ts';

const run = promisify(execFile);
const preload = new URL('local-payments.mjs', import.meta.url).href;
const outputCharsMax = 100_000;
const betweenStartsMs = 1_000;

export type Links = Readonly<Record<Peer | 'mail', Link>>;

/** The unchanging part of a host. */
export interface HostOptions {
  readonly name: string;
  readonly network: HostNetwork;
  readonly links: Links;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

/** One host: a supervisor with two shop processes, which a service manager starts again when it ends by itself. */
export class Host {
  /** The end of the output of its processes. */
  output = '';
  /** The folder of the build that it runs, or ran last. */
  build: string;
  readonly options: HostOptions;
  #supervisor: ChildProcess | undefined;
  #folder: string | undefined;
  #isWanted = false;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: HostOptions, build: string) {
    [this.options, this.build] = [options, build];
  }

  get isUp(): boolean {
    return this.#isWanted;
  }

  get target(): Target {
    return { host: this.options.network.address, port: this.options.port };
  }

  /** Starts it with its build, or with another one. */
  start(build = this.build): void {
    [this.build, this.#isWanted] = [build, true];
    this.#keeping = this.#keep(build);
  }

  /** Waits until a shop process of it is ready. */
  ready(): Promise<unknown> {
    const { host, port } = this.target;
    const cause = async (): Promise<unknown> => {
      // A demonstration refuses requests to any other name.
      const answer = await request(`http://${host}:${port}/readyz`, {
        headers: { host: 'localhost' },
        signal: AbortSignal.timeout(2_000),
      });
      const body = await answer.body.text();
      return answer.statusCode === 200 ? 'ready' : body;
    };
    return waitFor(`${this.options.name} to be ready`, cause, (seen) => seen === 'ready').catch(
      (error: unknown) => {
        throw new Error(`It printed:\n${this.output}`, { cause: error });
      },
    );
  }

  /** Kills all of its processes at once. It stays away until it is started again. */
  async lose(): Promise<void> {
    await this.#end('SIGKILL', -1);
  }

  /** Stops it in order, as for an upgrade. */
  async leave(): Promise<void> {
    await this.#end('SIGTERM', 1);
  }

  /** The process ids of its shops. */
  async shops(): Promise<number[]> {
    const { pid } = this.#supervisor ?? {};
    if (pid === undefined) return [];
    const { stdout } = await run('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  async close(): Promise<void> {
    await this.lose();
    for (const link of Object.values(this.options.links)) link.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM', group: 1 | -1): Promise<void> {
    this.#isWanted = false;
    const { pid } = this.#supervisor ?? {};
    // A process that is frozen would not take the signal.
    if (pid !== undefined) send(-pid, 'SIGCONT');
    if (pid !== undefined) send(group * pid, signal);
    await this.#keeping;
  }

  async #keep(build: string): Promise<void> {
    while (this.#isWanted) {
      const supervisor = await this.#spawn(build);
      this.#supervisor = supervisor;
      await once(supervisor, 'close');
      this.#supervisor = undefined;
      if (this.#isWanted) await pause(betweenStartsMs);
    }
  }

  async #spawn(build: string): Promise<ChildProcess> {
    const { network, port, env, name, links } = this.options;
    this.#folder ??= await mkdtemp(path.join(tmpdir(), `holdfast-chaos-${process.pid}-`));
    const [program, ...words] = [
      ...network.command,
      process.execPath,
      path.join(build, 'dist/supervisor.js'),
    ];
    const through = (peer: Peer | 'mail', url = ''): string => {
      const moved = new URL(url);
      moved.hostname = network.gatewayTo(peer);
      moved.port = String(links[peer].port);
      return moved.href.replace(/\/$/, '');
    };
    const child = spawn(program, words, {
      cwd: build,
      // A group of its own, so that all of it can be killed at once.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        ...env,
        DATABASE_URL: through('database', env['DATABASE_URL']),
        PAYMENT_SERVICE_URL: through('provider', env['PAYMENT_SERVICE_URL']),
        SMTP_URL: through('mail', env['SMTP_URL']),
        HOST: network.address,
        OPERATOR_ACCESS: 'open',
        PORT: String(port),
        DATA_DIR: this.#folder,
        EXECUTOR_ID: name,
        WEB_CONCURRENCY: '2',
        // It ends with this test.
        npm_lifecycle_event: 'chaos',
        PAYMENT_PROVIDER: 'stripe',
        NODE_OPTIONS: `--import ${preload}`,
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-outputCharsMax);
      });
    }
    return child;
  }
}

/** Sends a signal to a process, or to a group (below 0), that may be gone. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
