import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, isPortFree } from './ports.ts';
import { postgresAccount } from './postgres-account.ts';
import { findBinaries } from './postgres-binaries.ts';
import {
  initialize,
  openFolder,
  openLog,
  type PostgresFolder,
  storedPassword,
  writeSettings,
} from './postgres-folder.ts';
import { type Account, commandLine, isAlive, run } from './processes.ts';

export interface PostgresOptions {
  /** Folder of the database and its files; created when missing. */
  readonly dataDir: string;
  /** Preferred port, by default that of the last run. Another one is used when this one is taken. */
  readonly port?: number;
  /** Server settings as in postgresql.conf. A server that runs already keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Receives events as lines of text. */
  readonly log?: (line: string) => void;
}

export interface RunningPostgres {
  /** Address of the database `postgres`, password included. */
  readonly url: string;
  readonly port: number;
  /** The actual folder of the data, which may differ from the option; see `startPostgres`. */
  readonly dataDir: string;
  /** Address of the database of that name, password included. */
  urlOf(database: string): string;
  /** Whether the server runs, whichever process started it. */
  isRunning(): Promise<boolean>;
  /** Ends the server: `fast` ends sessions and writes a checkpoint, `immediate` is a crash. May be called twice. */
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
const pollMs = 100;

/**
 * Runs the embedded Postgres on a data folder, and resolves when it accepts connections.
 * The server has its own session: it survives this process, and the next call on the same folder takes it over.
 * For root it runs as the account `postgres`, which is created when missing. When that account cannot enter `dataDir`, the
 * data is stored in a folder that it can enter.
 * @throws Error with the way out and the end of the server's log.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const account = await postgresAccount();
  const native = await findBinaries(account);
  const folder = await openFolder(options.dataDir, account);
  const server: Server = { native, account, folder, log: options.log ?? (() => undefined) };
  const password = await storedPassword(folder, account);
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
  return running && addressOf(await storedPassword(folder, account), running.port, database);
}

/**
 * Removes the variables by which every client in this process, and in its children, would look for another server, or speak to the embedded
 * one in another way (libpq docs, "Environment Variables").
 */
export function forgetOtherServers(): void {
  for (const name of Object.keys(process.env)) if (/^PG[A-Z]/.test(name)) delete process.env[name];
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
  let preferred = options.port ?? (await lastPort(server.folder));
  for (let attempt = 1; ; attempt += 1) {
    const port =
      preferred !== undefined && (await isPortFree(preferred, host)) ? preferred : await freePort(host);
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
    const serverLog = (await readFile(server.folder.log, 'utf8').catch(() => '')).trim();
    // Another program took the port meanwhile, or processes of a killed server have not ended yet.
    const transient = /address already in use|pre-existing shared memory/i.test(serverLog);
    if (!transient || attempt === attemptsMax) throw startFailure(server, `${outcome.output}\n${serverLog}`);
    preferred = /address already in use/i.test(serverLog) ? undefined : port;
    await delay(250);
  }
}

/** The port of the last run. Clients that hold the old address reconnect when the server starts there again. */
async function lastPort(folder: PostgresFolder): Promise<number | undefined> {
  const settings = await readFile(folder.settings, 'utf8').catch(() => '');
  const port = /^port = '(\d+)'$/m.exec(settings)?.[1];
  return port === undefined ? undefined : Number(port);
}

function startFailure(server: Server, messages: string): Error {
  const lines = messages.split('\n').slice(-20).join('\n  ');
  return new Error(`Postgres did not start on ${server.folder.root}. Its last messages:\n  ${lines}`);
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

/**
 * The server that runs on a data folder, once it accepts connections; undefined when none does.
 * Removes a lock file whose process is gone, or is another program by now: Postgres itself would refuse to start while
 * any process of its account has that id.
 * @throws Error when the server runs and never becomes ready.
 */
async function runningServer(data: string): Promise<{ pid: number; port: number } | undefined> {
  for (let waited = 0; waited < secondsToStart * 1000; waited += pollMs) {
    const lock = await readLock(data);
    if (!lock) return undefined;
    if (!(await isServer(lock.pid, data))) {
      await rm(path.join(data, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (lock.status === 'ready') return { pid: lock.pid, port: lock.port };
    await delay(pollMs);
  }
  throw new Error(`A Postgres runs on ${data} but does not accept connections.`);
}

async function readLock(data: string): Promise<{ pid: number; port: number; status: string } | undefined> {
  const text = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7] ?? '' };
}

async function isServer(pid: number, data: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  // Windows does not show command lines, so any process with that id counts there.
  if (process.platform === 'win32') return isAlive(pid);
  const command = await commandLine(pid);
  return command?.includes(data) ?? false;
}
