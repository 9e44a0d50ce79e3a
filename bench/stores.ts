import { fileURLToPath } from 'node:url';
import { freePort } from '../src/supervisor/ports.ts';
import type { Cleanup } from './cleanup.ts';
import { type RunningProgram, startProgram } from './process.ts';

/** The built shop, the tutorial's store on an empty database, and plain SQL on the shop's tables without an engine. */
const programs = {
  holdfast: new URL('../dist/main.js', import.meta.url),
  tutorial: new URL('baselines/tutorial/main.ts', import.meta.url),
  plain_sql: new URL('baselines/plain-sql.ts', import.meta.url),
};
export type StoreName = keyof typeof programs;

/** A store in a process of its own. */
export type Store = RunningProgram & { readonly url: string };

/** Environment variables that override the usual ones. */
export type Settings = Readonly<Record<string, string>>;

export interface StoreOptions {
  readonly name: StoreName;
  readonly databaseUrl: string;
  /** Undefined when checkouts call no provider. */
  readonly providerUrl: string | undefined;
  readonly webhookSecret: string;
  /** A shop that replaces a killed one takes over its `PORT`. */
  readonly settings: Settings;
}

/** The key of the cookies that identify browsers. */
export const cookieSecret = 'cookie_secret_of_the_benchmark';

const host = '127.0.0.1';

/** Starts a store with a short dispatch and everything else as in production. The cleanup ends it. */
export async function startStore(options: StoreOptions, cleanup: Cleanup): Promise<Store> {
  const port = options.settings['PORT'] ?? String(await freePort(host));
  const url = `http://${host}:${port}`;
  const environment = {
    HOST: host,
    PORT: port,
    PUBLIC_URL: url,
    DATABASE_URL: options.databaseUrl,
    EXECUTOR_ID: 'bench-0',
    PAYMENT_PROVIDER: 'local',
    ...(options.providerUrl !== undefined && { PAYMENT_SERVICE_URL: options.providerUrl }),
    STRIPE_SECRET_KEY: 'sk_test_of_the_benchmark',
    STRIPE_WEBHOOK_SECRET: options.webhookSecret,
    COOKIE_SECRET: cookieSecret,
    // Longer than any run, so that no order is cancelled.
    HOLD_SECONDS: '3600',
    DISPATCH_SECONDS: '0.2',
    // All buyers share one address.
    HOLD_LIMITS: 'off',
    CHECKOUTS_PER_MINUTE: '10000000',
    LOG_LEVEL: 'error',
    ...options.settings,
  };
  const program = fileURLToPath(programs[options.name]);
  return { ...(await startProgram(program, environment, cleanup)), url };
}
