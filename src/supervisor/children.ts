import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config.ts';
import { newExecutorId } from '../database/workflow-ids.ts';
import { originOf } from '../shared/settings.ts';
import { KeptProcess, type KeptProcessOptions } from './keep-running.ts';
import type { PaymentAddress } from './ports.ts';

/** The environment with which this process was started. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Secrets that a demonstration generates because the settings have none. */
export interface GeneratedSecrets {
  /** The shop authenticates to the local payment service with this key. */
  readonly secretKey: string;
  /** The local payment service signs its events with this secret. */
  readonly webhookSecret: string;
  /** Signs the shopper's cookie. */
  readonly cookieSecret: string;
}

/** Values on which the local payment service and the shops must agree. */
export interface LocalPayments {
  readonly address: PaymentAddress;
  readonly secrets: Pick<GeneratedSecrets, 'secretKey' | 'webhookSecret'>;
}

type ChildOptions = Pick<KeptProcessOptions, 'log' | 'stopping'> & {
  /** The compiled program. */
  readonly entry: string;
  /** Called before each start of a process. */
  readonly environment: () => NodeJS.ProcessEnv;
};

/** Starts shop processes that share one port, and restarts each one that ends. */
export function startShops(
  options: ChildOptions & {
    readonly count: number;
    /** First part of the executor ids. */
    readonly label: string;
    /** Called with the executor id of each process that has ended. */
    readonly onEnd: (executorId: string) => void;
  },
): KeptProcess[] {
  // The kernel distributes connections. Node's own scheduling loses a connection when the process that it was being
  // handed to dies, and the browser waits for ever.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: options.entry, args: [], execArgv: [] });
  return Array.from({ length: options.count }, (_, slot) => {
    const name = `${options.label}-${slot}`;
    const spawn = () => {
      const executorId = newExecutorId(name);
      const { process } = cluster.fork({ ...options.environment(), EXECUTOR_ID: executorId });
      return process.once('exit', () => {
        options.onEnd(executorId);
      });
    };
    return new KeptProcess({ ...options, name, spawn });
  });
}

/**
 * Starts the local payment service and restarts it when it ends.
 * It has its own session, so that a Ctrl-C in the terminal does not end it before the shops. It ends when its channel to
 * this process closes.
 */
export function startPaymentService(options: ChildOptions): KeptProcess {
  const spawn = () =>
    fork(options.entry, { env: options.environment(), detached: true, execArgv: [], stdio: 'inherit' });
  return new KeptProcess({ ...options, name: 'The payment service', spawn });
}

/** The environment of a shop process. Without `local`, Stripe takes the payments. */
export function shopEnvironment(
  env: Environment,
  { databaseUrl, cookieSecret }: { readonly databaseUrl: string; readonly cookieSecret: string },
  local: LocalPayments | undefined,
): NodeJS.ProcessEnv {
  const { COOKIE_SECRET, STRIPE_WEBHOOK_SECRET } = env;
  return {
    ...env,
    DATABASE_URL: databaseUrl,
    COOKIE_SECRET: COOKIE_SECRET || cookieSecret,
    ...(local && paymentSettings(local)),
    // While a secret is rotated, the shop accepts all of the list, and the payment service signs with the first.
    ...(local && STRIPE_WEBHOOK_SECRET && { STRIPE_WEBHOOK_SECRET }),
  };
}

/** The environment of the local payment service, which has its own database. */
export function paymentServiceEnvironment(
  env: Environment,
  databaseUrl: string,
  local: LocalPayments,
  config: Config,
): NodeJS.ProcessEnv {
  return {
    ...env,
    DATABASE_URL: databaseUrl,
    // Stripe knows the name of an account from its settings, too.
    BUSINESS_NAME: config.identity.name,
    SHOP_WEBHOOK_URL: `${originOf(config.host, config.port)}/payment_webhook`,
    ...paymentSettings(local),
  };
}

function paymentSettings({ address, secrets }: LocalPayments): Record<string, string> {
  return {
    PAYMENT_SERVICE_PORT: String(address.port),
    PAYMENT_SERVICE_URL: address.url,
    PAYMENT_SERVICE_API_URL: address.apiUrl,
    STRIPE_SECRET_KEY: secrets.secretKey,
    STRIPE_WEBHOOK_SECRET: secrets.webhookSecret,
  };
}

/**
 * The secrets of a demonstration. The first call generates them and stores them in `folder`, readable by this account
 * alone. They must last, because open sessions, events and carts were signed with them.
 */
export async function demonstrationSecrets(folder: string): Promise<GeneratedSecrets> {
  const file = path.join(folder, 'secrets.json');
  const stored = await readFile(file, 'utf8').catch(() => undefined);
  if (stored !== undefined) return JSON.parse(stored) as GeneratedSecrets;
  const secrets = {
    secretKey: `sk_test_${randomHex()}`,
    webhookSecret: `whsec_${randomHex()}`,
    cookieSecret: randomHex(),
  };
  const draft = `${file}.draft`;
  await writeFile(draft, `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return secrets;
}

function randomHex(): string {
  return randomBytes(24).toString('hex');
}
