import { migrate } from '../src/database/migrate.ts';
import { startPlainSql, startTutorial } from './baselines/start.ts';
import { signUnopened } from './baselines/unopened.ts';
import { allDispatched, type Books, checkBooks, type Ledger, shopLedger, tutorialLedger } from './books.ts';
import { type Market, stockUp } from './buyers.ts';
import type { Cleanup } from './cleanup.ts';
import type { SubjectName } from './comparison.ts';
import { type Counters, openCounters } from './counters.ts';
import { createDatabase, createDatabases, openConnection } from './databases.ts';
import type { RunningProgram } from './process.ts';
import { openProcessorTimes, type ProcessorTimes } from './processor.ts';
import { type Provider, startProvider } from './provider.ts';
import { type ShopPlaces, startShop } from './shop.ts';
import { type Costs, readCosts } from './statements.ts';

/** What is measured: a market, and how to look behind its counter. */
export interface Subject {
  readonly name: SubjectName;
  readonly market: Market;
  readonly program: RunningProgram;
  readonly readCounters: () => Promise<Counters>;
  readonly readTimes: () => Promise<ProcessorTimes>;
  readonly readCosts: () => Promise<Costs>;
  /** Resolves when all work that the orders caused is done. */
  readonly allDone: () => Promise<void>;
  /** @throws when the books do not show so many orders. */
  readonly checkBooks: (bought: number) => Promise<Books>;
}

type Start = (places: ShopPlaces, cleanup: Cleanup) => Promise<RunningProgram & { readonly url: string }>;

interface Parts {
  readonly name: SubjectName;
  readonly databaseUrl: string;
  readonly ledger: Ledger;
  readonly provider: Provider;
  readonly start: Start;
}

const webhookSecret = 'whsec_of_the_benchmark_0123';

/**
 * Opens the shop and the two baselines, each a process with a database and a provider of its own on one Postgres.
 * The tutorial's store calls the provider as the others do, or leaves that out, as it was published.
 */
export async function openSubjects(
  serverUrl: string,
  { tutorialAsPublished }: { readonly tutorialAsPublished: boolean },
  cleanup: Cleanup,
): Promise<Subject[]> {
  const { shopUrl, countersUrl } = await createDatabases(serverUrl, cleanup);
  const name = new URL(shopUrl).pathname.slice(1);
  const tutorialUrl = await createDatabase(serverUrl, `${name}_tutorial`, cleanup);
  const plainUrl = await createDatabase(serverUrl, `${name}_plain`, cleanup);
  await migrate(plainUrl);
  const provider = () => startProvider(webhookSecret, cleanup);
  const startPublished: Start = (places, cleanup) =>
    startTutorial({ ...places, providerUrl: undefined }, cleanup);

  const open = (parts: Parts) => openSubject(parts, countersUrl, cleanup);
  return [
    await open({
      name: 'holdfast',
      databaseUrl: shopUrl,
      ledger: shopLedger,
      provider: await provider(),
      start: startShop,
    }),
    await open({
      name: 'tutorial',
      databaseUrl: tutorialUrl,
      ledger: tutorialLedger,
      provider: tutorialAsPublished ? signUnopened(webhookSecret) : await provider(),
      start: tutorialAsPublished ? startPublished : startTutorial,
    }),
    await open({
      name: 'plain_sql',
      databaseUrl: plainUrl,
      ledger: shopLedger,
      provider: await provider(),
      start: startPlainSql,
    }),
  ];
}

async function openSubject(
  { name, databaseUrl, ledger, provider, start }: Parts,
  countersUrl: string,
  cleanup: Cleanup,
): Promise<Subject> {
  const counters = await openConnection(countersUrl, cleanup);
  const readCounters = await openCounters(counters, databaseUrl);
  const books = await openConnection(databaseUrl, cleanup);
  const program = await start({ databaseUrl, providerUrl: provider.url, webhookSecret }, cleanup);
  return {
    name,
    market: { shopUrl: program.url, provider, skus: await stockUp(program.url) },
    program,
    readCounters,
    readTimes: await openProcessorTimes(program, counters),
    readCosts: () => readCosts(counters, databaseUrl),
    allDone: () => allDispatched(books, ledger),
    checkBooks: (bought) => checkBooks(books, bought, ledger),
  };
}
