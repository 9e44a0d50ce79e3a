import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, run } from './command.ts';
import { freePort, isPortFree } from './ports.ts';
import { postgresAccount } from './postgres-account.ts';
import { findBinaries } from './postgres-binaries.ts';
import {
  initialize,
  keptPassword,
  openFolder,
  openLog,
  type PostgresFolder,
  writeSettings,
} from './postgres-folder.ts';
import { runningServer } from './postgres-running.ts';

export interface PostgresOptions {
  /** Folder of the database and all that belongs to it; made when missing. */
  readonly dataDir: string;
  /** Wished for, not promised: another one is taken when somebody listens there. Without it the one of the last run. */
  readonly port?: number;
  /** Server settings as in postgresql.conf. A server that runs already keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Hears what happens, a line at a time. */
  readonly log?: (line: string) => void;
}

export interface RunningPostgres {
  /** Address of the database `postgres`, password included. */
  readonly url: string;
  readonly port: number;
  /** Where the data really is: not always where it was asked for, see `startPostgres`. */
  readonly dataDir: string;
  /** Address of the database of that name, password included. */
  urlOf(database: string): string;
  /** Whether the server runs, by whomever it was started. */
  isRunning(): Promise<boolean>;
  /** Ends the server: `fast` ends sessions and writes a checkpoint, `immediate` is a crash. Stopped twice is fine. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

interface Server {
  readonly native: string;
  readonly account: Account;
  readonly folder: PostgresFolder;
  readonly log: (line: string) => void;
}

const host = '127.0.0.1';
const secondsToStart = 120;
const secondsToStop = 60;
const attemptsMax = 20;

/**
 * Runs the embedded Postgres on a data folder, and resolves when it accepts connections.
 * The server is in a session of its own: it survives us, however we end, and the next call on the same folder takes it
 * over. As root it runs as the account `postgres`, which is created when missing; when that account cannot enter
 * `dataDir`, the data is kept in a folder it can enter.
 * @throws Error that says what to do, with the server's last words.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const account = await postgresAccount();
  const native = await findBinaries(account);
  const folder = await openFolder(options.dataDir, account);
  const server: Server = { native, account, folder, log: options.log ?? (() => undefined) };
  const password = await keptPassword(folder, account);
  await initialize(folder, native, account);
  const port = (await takeOver(server)) ?? (await start(server, options));
  const urlOf = (database: string): string => addressOf(password, port, database);
  return {
    url: urlOf('postgres'),
    port,
    dataDir: folder.root,
    urlOf,
    isRunning: async () => (await runningServer(folder.data)) !== undefined,
    stop: (mode = 'fast') => stop(server, mode),
  };
}

/** Address of a database of the server that runs on a data folder, password included; undefined when none runs. */
export async function urlOfRunningPostgres(dataDir: string, database: string): Promise<string | undefined> {
  if (!existsSync(dataDir)) return undefined;
  const account = await postgresAccount();
  const folder = await openFolder(dataDir, account);
  const running = await runningServer(folder.data);
  return running && addressOf(await keptPassword(folder, account), running.port, database);
}

function addressOf(password: string, port: number, database: string): string {
  return `postgres://postgres:${password}@${host}:${port}/${database}`;
}

async function takeOver(server: Server): Promise<number | undefined> {
  const running = await runningServer(server.folder.data);
  if (!running) return undefined;
  server.log(`Postgres runs already (process ${running.pid}), taking it over`);
  return running.port;
}

async function start(server: Server, options: PostgresOptions): Promise<number> {
  let wished = options.port ?? (await lastPort(server.folder));
  for (let attempt = 1; ; attempt += 1) {
    const port = wished !== undefined && (await isPortFree(wished, host)) ? wished : await freePort(host);
    const settings = {
      ...options.settings,
      listen_addresses: host,
      port: String(port),
      unix_socket_directories: '',
    };
    await writeSettings(server.folder, settings, server.account);
    await openLog(server.folder, server.account);
    const outcome = await control(server, 'start', ['-l', server.folder.log, '-t', String(secondsToStart)]);
    if (outcome.code === 0) return port;
    const lastWords = (await readFile(server.folder.log, 'utf8').catch(() => '')).trim();
    // The port was free a moment ago, or processes of a server that was killed are still on their way out.
    const passing = /address already in use|pre-existing shared memory/i.test(lastWords);
    if (!passing || attempt === attemptsMax) throw startFailure(server, `${outcome.output}\n${lastWords}`);
    wished = /address already in use/i.test(lastWords) ? undefined : port;
    await delay(250);
  }
}

/** Clients that hold the old address find the server again when it starts where it was. */
async function lastPort(folder: PostgresFolder): Promise<number | undefined> {
  const settings = await readFile(folder.settings, 'utf8').catch(() => '');
  const port = /^port = '(\d+)'$/m.exec(settings)?.[1];
  return port === undefined ? undefined : Number(port);
}

function startFailure(server: Server, words: string): Error {
  const lines = words.split('\n').slice(-20).join('\n  ');
  return new Error(`Postgres did not start on ${server.folder.root}. Its last words:\n  ${lines}`);
}

async function stop(server: Server, mode: 'fast' | 'immediate'): Promise<void> {
  if (!(await runningServer(server.folder.data))) return;
  const outcome = await control(server, 'stop', ['-m', mode, '-t', String(secondsToStop)]);
  if (outcome.code !== 0 && (await runningServer(server.folder.data))) {
    throw new Error(`Postgres did not stop: ${outcome.output}`);
  }
}

function control(server: Server, verb: 'start' | 'stop', args: readonly string[]): ReturnType<typeof run> {
  const file = path.join(server.native, 'bin', 'pg_ctl');
  return run(file, [verb, '-w', '-s', '-D', server.folder.data, ...args], server.account);
}
