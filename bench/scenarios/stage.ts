import type pg from 'pg';
import { andCleanUp, type Cleanup } from '../cleanup.ts';
import { type Counters, openCounters } from '../counters.ts';
import { createDatabases, openConnection } from '../databases.ts';
import { type Provider, startProvider } from '../provider.ts';
import { type Shop, type ShopPlaces, startShop } from '../shop.ts';
import type { World } from './scenario.ts';

/** A shop with everything around it, for one scenario. */
export interface Stage {
  readonly shop: Shop;
  readonly places: ShopPlaces;
  readonly provider: Provider;
  /** Our own connection to the shop's database. */
  readonly sql: pg.Client;
  readonly readCounters: () => Promise<Counters>;
  /** How often the shop has sent statements like this pattern of SQL. */
  readonly countCalls: (like: string) => Promise<number>;
}

export type Settings = Readonly<Record<string, string>>;

const webhookSecret = 'whsec_of_the_benchmark_0123';

/** Sets a stage that stands until the cleanup. */
export async function setStage(
  { serverUrl }: World,
  cleanup: Cleanup,
  settings: Settings = {},
): Promise<Stage> {
  const { shopUrl: databaseUrl, countersUrl } = await createDatabases(serverUrl, cleanup);
  const sql = await openConnection(databaseUrl, cleanup);
  const counters = await openConnection(countersUrl, cleanup);
  const readCounters = await openCounters(counters, databaseUrl);
  const provider = await startProvider(webhookSecret, cleanup);
  const places = { databaseUrl, providerUrl: provider.url, webhookSecret };
  const shop = await startShop(places, cleanup, settings);
  const countCalls = (like: string): Promise<number> => countLike(counters, databaseUrl, like);
  return { shop, places, provider, sql, readCounters, countCalls };
}

async function countLike(counters: pg.Client, databaseUrl: string, like: string): Promise<number> {
  const { rows } = await counters.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::double precision as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = $1) and query ilike $2`,
    [new URL(databaseUrl).pathname.slice(1), like],
  );
  return rows[0]?.calls ?? Number.NaN;
}

/** Does work on a stage of its own. @throws the shop's last words when the shop ends before the work does. */
export function onStage<Result>(
  world: World,
  settings: Settings,
  work: (stage: Stage, cleanup: Cleanup) => Promise<Result>,
): Promise<Result> {
  return andCleanUp(world.cleanup, async (cleanup) => {
    const stage = await setStage(world, cleanup, settings);
    return Promise.race([stage.shop.died, work(stage, cleanup)]);
  });
}
