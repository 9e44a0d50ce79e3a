import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../src/supervisor/postgres.ts';
import { commandLine } from '../../src/supervisor/processes.ts';
import { reservePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';

const entry = fileURLToPath(new URL('../../dist/supervisor.js', import.meta.url));

/** A folder and two ports in which a supervisor can be started several times. */
export interface Fixture {
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  readonly paymentPort: number;
  readonly shopUrl: string;
  readonly paymentUrl: string;
}

/** The supervisor as a program of its own. */
export interface Supervisor {
  readonly pid: number;
  /** The output of it and its children so far. */
  output(): string;
  /** Resolves when it prints that the shop is open; rejects when it ends instead. */
  open(): Promise<void>;
  /** Resolves with its exit code, null after a signal. */
  ended(): Promise<number | null>;
}

/** Makes a folder of that mode and chooses ports that are free now. */
export async function createFixture(mode = 0o755): Promise<Fixture> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-fixture-'));
  await chmod(folder, mode);
  const [port, paymentPort] = [await reservePort(), await reservePort()];
  return {
    folder,
    dataDir: path.join(folder, '.data'),
    port,
    paymentPort,
    shopUrl: `http://127.0.0.1:${port}`,
    paymentUrl: `http://127.0.0.1:${paymentPort}`,
  };
}

/** Ends the Postgres that a fixture still has, and removes the fixture and its data. */
export async function removeFixture(fixture: Fixture): Promise<void> {
  const dataDir = path.join(fixture.dataDir, 'postgres');
  if ((await readdir(dataDir).catch(() => [])).length > 0) {
    const postgres = await startPostgres({ dataDir });
    await postgres.stop('immediate');
    await rm(postgres.dataDir, { recursive: true, force: true });
  }
  await rm(fixture.folder, { recursive: true, force: true });
}

/** Starts the built supervisor in a fixture, with nothing in its environment but the ports and `settings`. */
export function startSupervisor(
  fixture: Fixture,
  settings: Readonly<Record<string, string>> = {},
): Supervisor {
  const child = spawn(process.execPath, [entry], {
    cwd: fixture.folder,
    env: {
      LOG_LEVEL: 'error',
      PORT: String(fixture.port),
      PAYMENT_SERVICE_PORT: String(fixture.paymentPort),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // Not `close`: a child of it that has not ended yet holds the same pipes.
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    ended: () => ended,
    open: () =>
      new Promise((resolve, reject) => {
        child.stdout.on('data', () => {
          if (output.includes('Holdfast is open')) resolve();
        });
        child.once('close', () => {
          reject(new Error(`The supervisor ended:\n${output}`));
        });
      }),
  };
}

/** Whether something answers 200 at an address. */
export async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

/** The processes of a running fixture. */
export interface FixtureProcesses {
  readonly shop: number;
  readonly paymentService: number;
  readonly postgres: number;
}

/** Finds the processes of a fixture with one shop. */
export async function processesOf(fixture: Fixture, supervisor: Supervisor): Promise<FixtureProcesses> {
  const find = async (program: string): Promise<number> => {
    for (const pid of await childrenOf(supervisor.pid)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(program)) return pid;
    }
    throw new Error(`There is no ${program} among the children of the supervisor.`);
  };
  const lock = await readFile(path.join(fixture.dataDir, 'postgres/data/postmaster.pid'), 'utf8');
  return {
    shop: await find('dist/main.js'),
    paymentService: await find('dist/stripe-simulator/main.js'),
    postgres: Number(lock.split('\n')[0]),
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.trim().split(' ').map(Number);
}

/** Resolves with the names of processes in the order in which they ended. */
export async function orderOfEnds<Name extends string>(
  processes: Readonly<Record<Name, number>>,
): Promise<Name[]> {
  const order: Name[] = [];
  await waitFor(
    'all processes to end',
    async () => {
      for (const name of Object.keys(processes) as Name[]) {
        // Without a command line it has ended, although its parent may not have read its exit code yet.
        const ended = (await commandLine(processes[name])) === undefined;
        if (ended && !order.includes(name)) order.push(name);
      }
      return order;
    },
    () => order.length === Object.keys(processes).length,
  );
  return order;
}
