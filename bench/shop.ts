import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../src/supervisor/ports.ts';
import type { Cleanup } from './cleanup.ts';

/** One shop in a process of its own. */
export interface Shop {
  readonly url: string;
  /** Never resolves; rejects with the shop's last words when it ends although nobody asked it to. */
  readonly died: Promise<never>;
}

export interface ShopPlaces {
  readonly databaseUrl: string;
  readonly providerUrl: string;
  readonly webhookSecret: string;
}

const host = '127.0.0.1';
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const startWithinMs = 30_000;
const endWithinMs = 15_000;
const lastWordsMax = 4_000;

/** Starts the built shop, with the work after the payment kept short and everything else as for customers. */
export async function startShop(places: ShopPlaces, cleanup: Cleanup): Promise<Shop> {
  const port = await freePort(host);
  const child = fork(program, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: environment(places, port),
    execArgv: [],
  });
  let ending = false;
  cleanup.add(() => {
    ending = true;
    return end(child);
  });
  const lastWords = keepLastWords(child);
  const died = once(child, 'exit').then(([code, signal]) => {
    if (ending) return new Promise<never>(() => undefined);
    throw new Error(`The shop ended with ${String(signal ?? code)}. Its last words:\n${lastWords()}`);
  });
  // Whoever waits beside it hears of it; nobody waits while the run ends.
  died.catch(() => undefined);
  await Promise.race([died, ready(child)]);
  return { url: `http://${host}:${port}`, died };
}

function environment(places: ShopPlaces, port: number): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOST: host,
    PORT: String(port),
    PUBLIC_URL: `http://${host}:${port}`,
    DATABASE_URL: places.databaseUrl,
    EXECUTOR_ID: 'bench-0',
    PAYMENT_PROVIDER: 'local',
    PAYMENT_SERVICE_URL: places.providerUrl,
    STRIPE_SECRET_KEY: 'sk_test_of_the_benchmark',
    STRIPE_WEBHOOK_SECRET: places.webhookSecret,
    COOKIE_SECRET: 'cookie_secret_of_the_benchmark',
    // Longer than any run, so that no order is cancelled.
    HOLD_SECONDS: '3600',
    DISPATCH_SECONDS: '0.2',
    CHECKOUTS_PER_MINUTE: '10000000',
    LOG_LEVEL: 'error',
  };
}

async function ready(child: ChildProcess): Promise<void> {
  await once(child, 'message', { signal: AbortSignal.timeout(startWithinMs) }).catch((error: unknown) => {
    throw new Error(`The shop did not answer within ${startWithinMs / 1000} s.`, { cause: error });
  });
}

function keepLastWords(child: ChildProcess): () => string {
  let words = '';
  const listen = (chunk: Buffer): void => {
    words = (words + chunk.toString()).slice(-lastWordsMax);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  return () => words;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(impatience);
}
