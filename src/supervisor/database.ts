import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { connect } from '../database/connection.ts';
import { migrate } from '../database/migrate.ts';
import { findServerFaults, type ServerFaultsOptions } from '../database/server-faults.ts';
import { endExecutor } from '../database/transactions/executors.ts';
import { codeOf, createDatabase } from '../shared/create-database.ts';
import { databaseMissing, isPostgresAway } from '../shared/outage.ts';
import { nameOfDatabase } from '../shared/postgres-address.ts';
import { describeError, StartError } from '../shared/program.ts';
import { statementsOf } from '../shared/statement.ts';
import { forgetOtherServers, type RunningPostgres, startPostgres, urlOfRunningPostgres } from './postgres.ts';

/** The database server of this start. */
export interface DatabaseServer {
  /** Address of the database of that name on this server. */
  urlOf(database: string): string;
  /** Address of the shop's database. */
  readonly url: string;
  /** The text about it in the summary of the start. */
  readonly description: string;
  stop(forced: AbortSignal): Promise<void>;
}

const connectionsMin = 300;
const connectionsPerShop = 40;
const pollMs = 500;
const shopDatabase = 'holdfast';

/**
 * Opens the database of DATABASE_URL, or else an embedded Postgres in the data folder, which is restarted when it dies.
 * Calls `onMoved` when a restart had to choose another port.
 */
export async function openDatabase(
  config: Config,
  log: (line: string) => void,
  onMoved: () => void,
): Promise<DatabaseServer> {
  if (config.databaseUrl !== undefined) return external(config.databaseUrl);
  forgetOtherServers();
  return openEmbedded(config, log, onMoved);
}

/**
 * Address of the shop's database: DATABASE_URL, or the embedded Postgres while the shop runs.
 * @throws StartError when there is neither.
 */
export async function findDatabase({ databaseUrl, dataDir }: Config): Promise<string> {
  if (databaseUrl === undefined) forgetOtherServers();
  const url = databaseUrl ?? (await urlOfRunningPostgres(path.resolve(dataDir, 'postgres'), shopDatabase));
  if (url !== undefined) return url;
  throw new StartError(
    `There is no database: no shop runs in ${path.resolve(dataDir)} (DATA_DIR). Set DATABASE_URL, or start the shop (npm start), which runs one.`,
  );
}

const waitAtMostMs = 60_000;

/**
 * Brings the database of an address up to date, and creates it when it is missing. Waits for a minute for a server that starts later.
 * @param production whether a server that may lose a confirmed commit is refused
 * @param paymentsUrl the database of the local payment service, which is checked and created, too
 * @throws StartError that names the databases, without their password, and all reasons. Nothing was created then.
 */
export async function prepareDatabase(
  url: string,
  production: boolean,
  log: (line: string) => void,
  paymentsUrl?: string,
): Promise<void> {
  const name = nameOfDatabase(url);
  const checks: Check[] = [{ url, options: { writable: true, durable: production } }];
  if (paymentsUrl !== undefined)
    checks.push({ url: paymentsUrl, options: { writable: true, durable: production, engine: false } });
  const found = await onceReached(name, log, () => Promise.all(checks.map(lookAt))).catch(
    (error: unknown) => {
      throw new StartError(`${name} could not be reached: ${describeError(error)}`);
    },
  );
  refuseFaulty(found);
  const missing = found.filter(({ isMissing }) => isMissing);
  for (const database of missing) await createDatabase(database.url);
  refuseFaulty(await Promise.all(missing.map(lookAt)));
  try {
    await migrate(url);
  } catch (error) {
    throw new StartError(`${name} could not be migrated: ${describeError(error)}`);
  }
}

async function onceReached<Result>(
  name: string,
  log: (line: string) => void,
  ask: () => Promise<Result>,
): Promise<Result> {
  const until = Date.now() + waitAtMostMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isPostgresAway(error) || Date.now() > until) throw error;
      if (tries === 1) log(`Waiting for a minute. ${name} does not answer: ${describeError(error)}`);
      await delay(pollMs);
    }
  }
}

interface Check {
  readonly url: string;
  readonly options: ServerFaultsOptions;
}

type Looked = Check & { readonly faults: readonly string[]; readonly isMissing: boolean };

/** Finds the faults of a server and its database; of a database that is missing, only those of the server. */
async function lookAt(check: Check): Promise<Looked> {
  const { url, options } = check;
  try {
    return { ...check, faults: await findServerFaults(url, options), isMissing: false };
  } catch (error) {
    if (codeOf(error) !== databaseMissing) throw error;
  }
  return {
    ...check,
    faults: await findServerFaults(url, { ...options, toBeCreated: true }),
    isMissing: true,
  };
}

function refuseFaulty(found: readonly Looked[]): void {
  const faulty = found.filter(({ faults }) => faults.length > 0);
  if (faulty.length === 0) return;
  const texts = faulty.map(
    ({ url, faults }) =>
      `${nameOfDatabase(url)} cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
  );
  throw new StartError(texts.join('\n'));
}

/**
 * Records that a shop process has ended, so that the others need not wait for its silence. Never throws: without Postgres they notice
 * the silence.
 */
export async function reportEnd(url: string, executorId: string): Promise<void> {
  const database = connect(url, 1);
  await endExecutor(statementsOf(database), executorId).catch(() => undefined);
  await database.destroy();
}

function external(url: string): DatabaseServer {
  const { host, pathname } = new URL(url);
  return {
    url,
    urlOf: (database) => {
      const other = new URL(url);
      other.pathname = database;
      return other.href;
    },
    description: `${decodeURIComponent(host)}${pathname} (DATABASE_URL)`,
    stop: () => Promise.resolve(),
  };
}

async function openEmbedded(
  config: Config,
  log: (line: string) => void,
  onMoved: () => void,
): Promise<DatabaseServer> {
  const wanted = path.resolve(config.dataDir, 'postgres');
  const connections = Math.max(connectionsMin, connectionsPerShop * config.webConcurrency);
  const start = (port?: number): Promise<RunningPostgres> =>
    startPostgres({
      dataDir: wanted,
      settings: { max_connections: String(connections) },
      log,
      ...(port === undefined ? {} : { port }),
    });

  let postgres = await start().catch((error: unknown) => {
    throw new StartError(describeError(error));
  });
  const guard = new AbortController();
  const guarding = keepUp(guard.signal, log, {
    isUp: () => postgres.isRunning(),
    bringUp: async () => {
      const before = postgres.port;
      postgres = await start(before);
      if (postgres.port !== before) onMoved();
    },
  });
  return {
    get url() {
      return postgres.urlOf(shopDatabase);
    },
    urlOf: (database) => postgres.urlOf(database),
    description:
      `embedded Postgres at 127.0.0.1:${postgres.port}, in ${postgres.dataDir}` +
      (postgres.dataDir === wanted ? '' : `\n(the account "postgres" cannot enter ${wanted})`),
    stop: async (forced) => {
      guard.abort();
      await guarding;
      await stopEmbedded(postgres, forced);
    },
  };
}

interface GuardedServer {
  readonly isUp: () => Promise<boolean>;
  readonly bringUp: () => Promise<void>;
}

async function keepUp(ended: AbortSignal, log: (line: string) => void, server: GuardedServer): Promise<void> {
  while (!ended.aborted) {
    try {
      if (!(await server.isUp()) && !ended.aborted) {
        log('Postgres ended, starting it again');
        await server.bringUp();
      }
    } catch (error) {
      log(describeError(error));
    }
    await delay(pollMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Ends the server and all its sessions. A forced end skips the checkpoint, which costs a recovery at the next start. */
async function stopEmbedded(postgres: RunningPostgres, forced: AbortSignal): Promise<void> {
  const force = (): void => {
    postgres.stop('immediate').catch(() => undefined);
  };
  forced.addEventListener('abort', force);
  await postgres.stop(forced.aborted ? 'immediate' : 'fast');
  forced.removeEventListener('abort', force);
}
