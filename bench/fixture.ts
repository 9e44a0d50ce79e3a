import type pg from 'pg';
import { migrate } from '../src/database/migrate.ts';
import type { Cleanup } from './cleanup.ts';
import { type Counters, openCounters, type Totals } from './counters.ts';
import { createDatabase, openConnection } from './databases.ts';
import { openProcessorTimes, type ProcessorTimes } from './processor-times.ts';
import { createProviderWithoutSessions, type Provider, startProvider } from './provider.ts';
import { type Store, type StoreOptions, startStore } from './stores.ts';

/** A store with a database and a provider of its own, and readers of the work that it does. */
export interface Fixture {
  readonly store: Store;
  readonly options: StoreOptions;
  readonly provider: Provider;
  /** The benchmark's own connection to the store's database. */
  readonly sql: pg.Client;
  readonly counters: Counters;
  readonly readWork: () => Promise<Work>;
}

/** Work up to a moment. Only differences have a meaning. */
export type Work = Totals & ProcessorTimes;

const webhookSecret = 'whsec_of_the_benchmark_0123';

/** Opens a fixture that exists until the cleanup runs; by default a shop whose checkouts call the provider. */
export async function openFixture(
  serverUrl: string,
  cleanup: Cleanup,
  { name = 'holdfast', settings = {} }: Partial<StoreOptions> = {},
  callsProvider = true,
): Promise<Fixture> {
  const databaseUrl = await createDatabase(serverUrl, cleanup);
  if (name !== 'tutorial') await migrate(databaseUrl);
  const sql = await openConnection(databaseUrl, cleanup);
  // A database of their own, so that reading the counters is no work of the store's database.
  const monitor = await openConnection(await createDatabase(serverUrl, cleanup), cleanup);
  const counters = await openCounters(monitor, databaseUrl);
  const provider = callsProvider
    ? await startProvider(webhookSecret, cleanup)
    : createProviderWithoutSessions(webhookSecret);
  const options = { name, databaseUrl, providerUrl: provider.url, webhookSecret, settings };
  const store = await startStore(options, cleanup);
  const readTimes = await openProcessorTimes(store.pid, monitor);
  const readWork = async (): Promise<Work> => ({ ...(await counters.readTotals()), ...(await readTimes()) });
  return { store, options, provider, sql, counters, readWork };
}
