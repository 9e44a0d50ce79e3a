import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/supervisor/ports.ts';
import type { Cleanup } from '../cleanup.ts';
import { type RunningProgram, startProgram } from '../process.ts';

export interface BaselinePlaces {
  readonly databaseUrl: string;
  /** Undefined when checkouts call no provider. */
  readonly providerUrl: string | undefined;
  readonly webhookSecret: string;
}

export type Baseline = RunningProgram & { readonly url: string };

/** Starts the tutorial's store on an empty database. */
export function startTutorial(places: BaselinePlaces, cleanup: Cleanup): Promise<Baseline> {
  return start(new URL('tutorial/main.ts', import.meta.url), places, cleanup);
}

/** Starts the store without an engine on a database that has the shop's tables. */
export function startPlainSql(places: BaselinePlaces, cleanup: Cleanup): Promise<Baseline> {
  return start(new URL('plain-sql/main.ts', import.meta.url), places, cleanup);
}

async function start(program: URL, places: BaselinePlaces, cleanup: Cleanup): Promise<Baseline> {
  const port = await freePort('127.0.0.1');
  const environment = {
    PORT: String(port),
    DATABASE_URL: places.databaseUrl,
    ...(places.providerUrl !== undefined && { PAYMENT_SERVICE_URL: places.providerUrl }),
    STRIPE_WEBHOOK_SECRET: places.webhookSecret,
    // As long as the shop's (shop.ts).
    DISPATCH_SECONDS: '0.2',
  };
  const running = await startProgram({ program: fileURLToPath(program), environment }, cleanup);
  return { ...running, url: `http://127.0.0.1:${port}` };
}
