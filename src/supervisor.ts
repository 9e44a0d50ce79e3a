import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, readConfig, SettingsError } from './config.ts';
import { migrate } from './database/migrate.ts';
import { choosePaymentAddress, claimShopPort } from './supervisor/addresses.ts';
import { createDatabaseIfMissing } from './supervisor/create-database.ts';
import { type DatabaseServer, openDatabase } from './supervisor/database.ts';
import { loadEnvFile } from './supervisor/env-file.ts';
import { type LocalPayments, paymentServiceEnvironment, shopEnvironment } from './supervisor/environment.ts';
import { describe, StartFault } from './supervisor/faults.ts';
import type { Kept } from './supervisor/keep-running.ts';
import { takeLock } from './supervisor/lock.ts';
import { startPaymentService } from './supervisor/payment-service.ts';
import { type KeptSecrets, keptSecrets } from './supervisor/secrets.ts';
import { startShops } from './supervisor/shops.ts';
import {
  type Ending,
  endAll,
  listenForSignals,
  type Stopping,
  unlessAborted,
} from './supervisor/stopping.ts';
import { summary } from './supervisor/summary.ts';
import { watchSources } from './supervisor/watch.ts';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));
const shopEntry = fileURLToPath(new URL('./main.js', import.meta.url));
const paymentServiceEntry = fileURLToPath(new URL('./stripe-simulator/main.js', import.meta.url));
const graceMs = 15_000;
// What a killed predecessor leaves behind ends within this time.
const predecessorMs = 6_000;

/** One start: its settings, who wants it to end, what has to end then, and the processes that are kept running. */
interface Run {
  readonly config: Config;
  readonly dataDir: string;
  readonly stopping: Stopping;
  readonly endings: Ending[];
  readonly kept: Kept[];
}

async function main(): Promise<void> {
  // Somebody closes the terminal: what we still have to say is lost, and what we still have to end is not.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const stopping = listenForSignals(process.env['npm_lifecycle_event'] !== undefined);
  const endings: Ending[] = [];
  try {
    await start(stopping, endings);
    await stopping.requested;
  } catch (error) {
    if (!stopping.wanted.aborted) fail(error);
  }
  if (stopping.wanted.aborted) log('Stopping …');
  const clean = await endAll(endings, log);
  process.exit(clean && !stopping.forced.aborted ? process.exitCode : 1);
}

async function start(stopping: Stopping, endings: Ending[]): Promise<void> {
  loadEnvFile();
  const config = readConfig(process.env, 'supervisor');
  const run: Run = { config, dataDir: path.resolve(config.dataDir), stopping, endings, kept: [] };
  const patienceMs = await becomeTheOnlyOne(run);
  await claimShopPort(config, patienceMs);
  const secrets = await keptSecrets(run.dataDir);
  const local =
    config.payment.provider === 'local' ? await prepareLocalPayments(run, secrets, patienceMs) : undefined;
  const database = await startDatabase(run);
  await migrateDatabase(database);
  stopping.wanted.throwIfAborted();
  if (local) startPayments(run, database, local);
  const { cookieSecret } = secrets;
  startAllShops(run, () => shopEnvironment(process.env, { databaseUrl: database.url, cookieSecret }, local));
  await allReady(run);
  const watching = process.argv.includes('--watch');
  if (watching) startWatching(run);
  process.stdout.write(
    summary({
      shopUrl: config.publicUrl,
      paymentServiceUrl: local?.address.url,
      database: database.description,
      dataDir: run.dataDir,
      watching,
    }),
  );
}

async function becomeTheOnlyOne({ config, dataDir, endings }: Run): Promise<number> {
  const lock = await takeLock(dataDir, config.publicUrl);
  endings.push({ name: 'The pid file', end: () => lock.release() });
  return lock.wasStale ? predecessorMs : 0;
}

async function prepareLocalPayments(
  { config, dataDir }: Run,
  kept: KeptSecrets,
  patienceMs: number,
): Promise<LocalPayments> {
  const given = {
    port: Boolean(process.env['PAYMENT_SERVICE_PORT']),
    url: Boolean(process.env['PAYMENT_SERVICE_URL']),
  };
  const address = await choosePaymentAddress({ config, given, dataDir, patienceMs, log });
  const secretKey = config.payment.secretKey ?? kept.secretKey;
  const webhookSecret = config.payment.webhookSecrets[0] ?? kept.webhookSecret;
  return { address, secrets: { secretKey, webhookSecret } };
}

async function startDatabase({ config, stopping, endings, kept }: Run): Promise<DatabaseServer> {
  stopping.wanted.throwIfAborted();
  const database = await openDatabase(config, log, () => restart(kept));
  endings.push({ name: 'Postgres', end: () => database.stop(stopping.forced) });
  stopping.wanted.throwIfAborted();
  return database;
}

async function migrateDatabase(database: DatabaseServer): Promise<void> {
  try {
    await createDatabaseIfMissing(database.url);
    await migrate(database.url);
  } catch (error) {
    const { host, pathname } = new URL(database.url);
    throw new StartFault(`The database ${host}${pathname} could not be migrated: ${describe(error)}`);
  }
}

function startPayments(run: Run, database: DatabaseServer, local: LocalPayments): void {
  const environment = (): NodeJS.ProcessEnv =>
    paymentServiceEnvironment(process.env, database.urlOf('payments'), local, run.config);
  const service = startPaymentService({ entry: paymentServiceEntry, environment, log });
  keep(run, 'The payment service', [service]);
}

function startAllShops(run: Run, environment: () => NodeJS.ProcessEnv): void {
  const shops = startShops({
    entry: shopEntry,
    count: run.config.webConcurrency,
    executorPrefix: run.config.executorId ?? 'shop',
    environment,
    log,
  });
  keep(run, 'The shop', shops);
}

/** From the first moment on they belong to what has to end. */
function keep({ stopping, endings, kept }: Run, name: string, started: Kept[]): void {
  const stopAll = (): Promise<unknown> =>
    Promise.all(started.map((process) => process.stop(graceMs, stopping.forced)));
  endings.push({ name, end: async () => void (await stopAll()) });
  kept.push(...started);
}

async function allReady({ kept, stopping }: Run): Promise<void> {
  await unlessAborted(Promise.all(kept.map((process) => process.ready)), stopping.wanted);
}

function startWatching({ endings, kept }: Run): void {
  const stop = watchSources(projectRoot, () => restart(kept));
  endings.push({ name: 'Watching', end: () => Promise.resolve(stop()) });
}

function restart(kept: readonly Kept[]): void {
  for (const process of kept) process.restart();
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(error: unknown): void {
  const expected = error instanceof StartFault || error instanceof SettingsError;
  log(expected ? error.message : String((error as Error).stack ?? error));
  process.exitCode = 1;
}

await main();
