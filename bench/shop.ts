import { fileURLToPath } from 'node:url';
import { freePort } from '../src/supervisor/ports.ts';
import type { Cleanup } from './cleanup.ts';
import { type RunningProgram, startProgram } from './process.ts';

/** One shop in a process of its own. */
export type Shop = RunningProgram & { readonly url: string };

export interface ShopPlaces {
  readonly databaseUrl: string;
  readonly providerUrl: string;
  readonly webhookSecret: string;
}

/** Signs the cookies that tell browsers apart. */
export const cookieSecret = 'cookie_secret_of_the_benchmark';

const host = '127.0.0.1';
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/**
 * Starts the built shop, with the work after the payment kept short and everything else as for customers.
 * `settings` go before those; with the `PORT` of a shop that was killed, its customers find the new one in its place.
 */
export async function startShop(
  places: ShopPlaces,
  cleanup: Cleanup,
  settings: Readonly<Record<string, string>> = {},
): Promise<Shop> {
  const port = settings['PORT'] ?? String(await freePort(host));
  const environment = { ...usual(places), ...addressOf(port), ...settings };
  const running = await startProgram({ program, environment }, cleanup);
  return { ...running, url: `http://${host}:${port}` };
}

function addressOf(port: string): Record<string, string> {
  return { HOST: host, PORT: port, PUBLIC_URL: `http://${host}:${port}` };
}

function usual(places: ShopPlaces): Record<string, string> {
  return {
    DATABASE_URL: places.databaseUrl,
    EXECUTOR_ID: 'bench-0',
    PAYMENT_PROVIDER: 'local',
    PAYMENT_SERVICE_URL: places.providerUrl,
    STRIPE_SECRET_KEY: 'sk_test_of_the_benchmark',
    STRIPE_WEBHOOK_SECRET: places.webhookSecret,
    COOKIE_SECRET: cookieSecret,
    // Longer than any run, so that no order is cancelled.
    HOLD_SECONDS: '3600',
    DISPATCH_SECONDS: '0.2',
    CHECKOUTS_PER_MINUTE: '10000000',
    LOG_LEVEL: 'error',
  };
}
