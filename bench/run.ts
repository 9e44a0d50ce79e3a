import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { allDispatched, checkBooks } from './books.ts';
import { buy, stockUp } from './buyers.ts';
import { type Cleanup, cleanUpOnSignals } from './cleanup.ts';
import { openCounters } from './counters.ts';
import { openDatabaseServer } from './database-server.ts';
import { createDatabases, openConnection } from './databases.ts';
import { type Figures, measure, measureRest, type Subject } from './measure.ts';
import { type Options, readOptions, UsageError } from './options.ts';
import { type Progress, showProgress } from './progress.ts';
import { startProvider } from './provider.ts';
import { formatReport, type Report, summarize, writeReport } from './report.ts';
import { type Shop, startShop } from './shop.ts';
import { describeSurroundings } from './surroundings.ts';

const endNoticedWithinMs = 1_000;
const webhookSecret = 'whsec_of_the_benchmark_0123';

/**
 * Measures one shop process on one Postgres, over HTTP as shoppers and the provider reach it. This process is both of
 * them: it answers the provider's calls at once and sends the signed events itself.
 */
async function main(cleanup: Cleanup): Promise<void> {
  const options = readOptions(process.argv.slice(2), fileURLToPath(new URL('results', import.meta.url)));
  const progress = showProgress(process.stderr);

  progress.say('Starting Postgres and the shop');
  const serverUrl = await openDatabaseServer(process.env['DATABASE_URL'], cleanup);
  const { shopUrl: databaseUrl, countersUrl } = await createDatabases(serverUrl, cleanup);
  const counters = await openConnection(countersUrl, cleanup);
  const readCounters = await openCounters(counters, databaseUrl);
  const books = await openConnection(databaseUrl, cleanup);
  const surroundings = await describeSurroundings(counters);
  const provider = await startProvider(webhookSecret, cleanup);
  const shop = await startShop({ databaseUrl, providerUrl: provider.url, webhookSecret }, cleanup);

  const work = async (): Promise<Report> => {
    const market = { shopUrl: shop.url, provider, skus: await stockUp(shop.url) };
    const subject = { market, readCounters, allDone: () => allDispatched(books) };
    const { bought, ...figures } = await measureAll(subject, options, progress);
    const { resultsDir: _, ...chosen } = options;
    return { ...surroundings, options: chosen, ...figures, books: await checkBooks(books, bought) };
  };
  const report = await whileAlive(shop, work());
  const file = await writeReport(report, options.resultsDir);
  progress.done();
  process.stdout.write(`${formatReport(report)}\n\nWritten to ${file}\n`);
}

/** The outcome of the work; when the shop dies, its last words instead of the buyers' complaints. */
async function whileAlive<Result>(shop: Shop, work: Promise<Result>): Promise<Result> {
  try {
    return await Promise.race([shop.died, work]);
  } catch (error) {
    // A broken connection is noticed before the end of the process.
    await Promise.race([shop.died, pause(endNoticedWithinMs)]);
    throw error;
  }
}

/** Warms up, counts at rest, then measures every level once a round, so that a slow minute hits all of them. */
async function measureAll(
  subject: Subject,
  options: Options,
  progress: Progress,
): Promise<Pick<Report, 'at_rest' | 'levels'> & { bought: number }> {
  const limits = { seconds: options.levelSeconds, ordersMax: options.levelOrdersMax };
  progress.say(`Warming up for ${options.warmUpSeconds} s`);
  const warmUp = { ...limits, buyers: 16, seconds: options.warmUpSeconds };
  let { orders: bought } = await buy(subject.market, warmUp);
  await subject.allDone();

  progress.say(`Counting at rest for ${options.restSeconds} s`);
  const rest = await measureRest(subject, options.restSeconds);

  const rounds = new Map<number, Figures[]>(options.levels.map((buyers) => [buyers, []]));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [buyers, figures] of rounds) {
      const last = figures.at(-1)?.orders_per_second.toFixed(1);
      const soFar = last === undefined ? '' : `, ${last} orders/s the last time`;
      progress.say(`Round ${round} of ${options.rounds}, ${buyers} at once${soFar}`);
      const measured = await measure(subject, { ...limits, buyers }, rest);
      figures.push(measured);
      bought += measured.orders;
    }
  }
  return {
    at_rest: rest,
    levels: [...rounds].map(([buyers, figures]) => summarize(buyers, figures)),
    bought,
  };
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const cleanup = cleanUpOnSignals();
try {
  await main(cleanup);
} catch (error) {
  if (!cleanup.interrupted()) process.stderr.write(`\n${describe(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanup.run();
}
