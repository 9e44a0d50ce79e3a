import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { describe, StartFault } from './faults.ts';
import { type RunningPostgres, startPostgres, urlOfRunningPostgres } from './postgres.ts';

/** The database server of this start. */
export interface DatabaseServer {
  /** Address of the database of that name; the one of DATABASE_URL keeps everything but the name. */
  urlOf(database: string): string;
  /** The shop's database. */
  readonly url: string;
  /** What the summary says about it. */
  readonly description: string;
  stop(forced: AbortSignal): Promise<void>;
}

const connectionsMin = 300;
const connectionsPerShop = 40;
const lookEveryMs = 500;
const shopDatabase = 'holdfast';

/**
 * The database of DATABASE_URL, or else an embedded Postgres in the data folder that is started again when it dies.
 * `onMoved` hears when it had to come back at another address.
 */
export async function openDatabase(
  config: Config,
  log: (line: string) => void,
  onMoved: () => void,
): Promise<DatabaseServer> {
  return config.databaseUrl === undefined ? openEmbedded(config, log, onMoved) : external(config.databaseUrl);
}

/**
 * Address of the shop's database: DATABASE_URL, or the embedded Postgres while the shop runs.
 * @throws StartFault when there is neither
 */
export async function findDatabase({ databaseUrl, dataDir }: Config): Promise<string> {
  const url = databaseUrl ?? (await urlOfRunningPostgres(path.resolve(dataDir, 'postgres'), shopDatabase));
  if (url !== undefined) return url;
  throw new StartFault(
    'There is no database. Set DATABASE_URL, or start the shop (npm start), which runs one.',
  );
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
    description: `${host}${pathname} (DATABASE_URL)`,
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
    throw new StartFault(describe(error));
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

interface Guarded {
  readonly isUp: () => Promise<boolean>;
  readonly bringUp: () => Promise<void>;
}

async function keepUp(ended: AbortSignal, log: (line: string) => void, server: Guarded): Promise<void> {
  while (!ended.aborted) {
    try {
      if (!(await server.isUp()) && !ended.aborted) {
        log('Postgres ended, starting it again');
        await server.bringUp();
      }
    } catch (error) {
      log(describe(error));
    }
    await delay(lookEveryMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Sessions that somebody else holds open end as well; who insists gets no checkpoint, which costs a recovery later. */
async function stopEmbedded(postgres: RunningPostgres, forced: AbortSignal): Promise<void> {
  const insist = (): void => {
    postgres.stop('immediate').catch(() => undefined);
  };
  forced.addEventListener('abort', insist);
  await postgres.stop(forced.aborted ? 'immediate' : 'fast');
  forced.removeEventListener('abort', insist);
}
