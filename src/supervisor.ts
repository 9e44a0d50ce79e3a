import { existsSync, watch } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, readConfig } from './config.ts';
import { explainFailure, loadEnvFile, projectFolder, StartError } from './shared/program.ts';
import { paymentServiceDatabase } from './shared/settings.ts';
import {
  demonstrationSecrets,
  type GeneratedSecrets,
  type LocalPayments,
  paymentServiceEnvironment,
  shopEnvironment,
  startPaymentService,
  startShops,
} from './supervisor/children.ts';
import { type DatabaseServer, openDatabase, prepareDatabase, reportEnd } from './supervisor/database.ts';
import type { KeptProcess } from './supervisor/keep-running.ts';
import { takeLock } from './supervisor/lock.ts';
import { choosePaymentAddress, claimShopPort } from './supervisor/ports.ts';
import {
  listenForSignals,
  type StartedPart,
  type Stopping,
  stopParts,
  unlessAborted,
} from './supervisor/stopping.ts';

const dist = fileURLToPath(new URL('dist/', projectFolder));
const simulatorEntry = path.join(dist, 'stripe-simulator', 'main.js');
const watchedFolders = [dist, path.join(dist, '..', 'public')];
const graceMs = 15_000;
// The children of a killed supervisor end within this time.
const predecessorMs = 6_000;
// A build writes many files.
const debounceMs = 200;

/** One run of the supervisor: its settings, the request to end, the parts to end then, and the processes kept running. */
interface Run {
  readonly config: Config;
  readonly dataDir: string;
  readonly stopping: Stopping;
  readonly parts: StartedPart[];
  readonly kept: KeptProcess[];
}

async function main(): Promise<void> {
  // When the terminal is closed, output is lost, and everything must still end in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const stopping = listenForSignals(process.env['npm_lifecycle_event'] !== undefined);
  const parts: StartedPart[] = [];
  try {
    await start(stopping, parts);
    await stopping.requested;
  } catch (error) {
    if (!stopping.wanted.aborted) {
      log(explainFailure(error));
      process.exitCode = 1;
    }
  }
  if (stopping.wanted.aborted) log('Stopping …');
  const clean = await stopParts(parts, log);
  process.exit(clean && !stopping.forced.aborted ? process.exitCode : 1);
}

async function start(stopping: Stopping, parts: StartedPart[]): Promise<void> {
  loadEnvFile();
  const config = readConfig(process.env, 'supervisor');
  const run: Run = { config, dataDir: path.resolve(config.dataDir), stopping, parts, kept: [] };
  const patienceMs = await lockDataFolder(run);
  await claimShopPort(config, patienceMs);
  const secrets = await demonstrationSecrets(run.dataDir);
  const local =
    config.payment.provider === 'local' ? await prepareLocalPayments(run, secrets, patienceMs) : undefined;
  const database = await startDatabase(run);
  // The embedded Postgres takes any database.
  const paymentsUrl = local && config.databaseUrl && database.urlOf(paymentServiceDatabase);
  await unlessAborted(prepareDatabase(database.url, config.production, log, paymentsUrl), stopping.wanted);
  stopping.wanted.throwIfAborted();
  if (local) startPayments(run, database, local);
  startAllShops(run, database, secrets, local);
  await unlessAborted(Promise.all(run.kept.map((process) => process.ready)), stopping.wanted);
  const watching = process.argv.includes('--watch');
  if (watching) restartOnChange(run);
  process.stdout.write(summary(run, database, local, watching));
}

/** Makes this process the only supervisor of the folder. Returns the time in which a predecessor's processes end. */
async function lockDataFolder({ config, dataDir, parts }: Run): Promise<number> {
  const lock = await takeLock(dataDir, config.publicUrl);
  parts.push({ name: 'The pid file', stop: () => lock.release() });
  return lock.wasStale ? predecessorMs : 0;
}

async function prepareLocalPayments(
  { config, dataDir }: Run,
  generated: GeneratedSecrets,
  patienceMs: number,
): Promise<LocalPayments> {
  if (!existsSync(simulatorEntry)) {
    throw new StartError(
      'The production image has no local payment service. Set PAYMENT_PROVIDER=stripe, or build the target "demonstration".',
    );
  }
  const given = {
    port: Boolean(process.env['PAYMENT_SERVICE_PORT']),
    url: Boolean(process.env['PAYMENT_SERVICE_URL']),
  };
  const address = await choosePaymentAddress({ config, given, dataDir, patienceMs, log });
  const secretKey = config.payment.secretKey ?? generated.secretKey;
  const webhookSecret = config.payment.webhookSecrets[0] ?? generated.webhookSecret;
  return { address, secrets: { secretKey, webhookSecret } };
}

async function startDatabase({ config, stopping, parts, kept }: Run): Promise<DatabaseServer> {
  stopping.wanted.throwIfAborted();
  const database = await openDatabase(config, log, () => restart(kept));
  parts.push({ name: 'Postgres', stop: () => database.stop(stopping.forced) });
  stopping.wanted.throwIfAborted();
  return database;
}

function startPayments(run: Run, database: DatabaseServer, local: LocalPayments): void {
  const service = startPaymentService({
    entry: simulatorEntry,
    environment: () =>
      paymentServiceEnvironment(process.env, database.urlOf(paymentServiceDatabase), local, run.config),
    log,
    stopping: run.stopping.wanted,
  });
  keep(run, 'The payment service', [service]);
}

function startAllShops(
  run: Run,
  database: DatabaseServer,
  { cookieSecret }: GeneratedSecrets,
  local: LocalPayments | undefined,
): void {
  const shops = startShops({
    entry: path.join(dist, 'main.js'),
    count: run.config.webConcurrency,
    label: run.config.executorId ?? 'shop',
    onEnd: (executorId) => void reportEnd(database.url, executorId),
    environment: () => shopEnvironment(process.env, { databaseUrl: database.url, cookieSecret }, local),
    log,
    stopping: run.stopping.wanted,
  });
  keep(run, 'The shop', shops);
}

function keep({ config, stopping, parts, kept }: Run, name: string, started: KeptProcess[]): void {
  const stopAll = (): Promise<unknown> =>
    Promise.all(
      started.map((process) => process.stop(graceMs + config.drainSeconds * 1000, stopping.forced)),
    );
  parts.push({ name, stop: async () => void (await stopAll()) });
  kept.push(...started);
}

/** Restarts the shop and the payment service whenever a build or an edit of a page has changed their files. */
function restartOnChange({ parts, kept }: Run): void {
  let timer: NodeJS.Timeout | undefined;
  const onChange = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => restart(kept), debounceMs);
  };
  const watchers = watchedFolders.map((folder) => watch(folder, { recursive: true }, onChange));
  const end = async (): Promise<void> => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  parts.push({ name: 'Watching', stop: end });
}

function restart(kept: readonly KeptProcess[]): void {
  for (const process of kept) process.restart();
}

/** The text at the end of a start: the addresses of everything, and how to stop it. */
function summary(
  { config, dataDir }: Run,
  database: DatabaseServer,
  local: LocalPayments | undefined,
  watching: boolean,
): string {
  const rows: [string, string][] = [
    ['Shop', config.publicUrl],
    [
      'Payments',
      local?.address.url ??
        `${config.payment.provider}, ${config.payment.live ? 'live' : 'in test mode: no money moves'}`,
    ],
    ['Database', database.description],
    ['Data folder', dataDir],
  ];
  if (config.openToEverybody) {
    rows.push([
      'Operators',
      'everybody who reaches the shop (OPERATOR_ACCESS=open): restock, refunds and customers’ data are open',
    ]);
  }
  if (watching) rows.push(['Watching', 'dist and public; a change restarts the shop']);
  const table = rows.map(
    ([label, text]) => `  ${label.padEnd(13)}${text.replaceAll('\n', `\n${' '.repeat(15)}`)}`,
  );
  return `\nHoldfast is open.\n\n${table.join('\n')}\n\n  Ctrl-C stops it. Nothing is lost.\n\n`;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main();
