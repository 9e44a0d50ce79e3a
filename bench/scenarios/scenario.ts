import type pg from 'pg';
import { type Cleanup, withCleanup } from '../cleanup.ts';
import { uncounted } from '../counters.ts';
import { type Fixture, openFixture } from '../fixture.ts';
import { whileRunning } from '../process.ts';
import type { Settings } from '../stores.ts';

/** One question about the shop that the levels do not answer. */
export interface Scenario {
  /** One word, for the command line and the report. */
  readonly name: string;
  readonly title: string;
  /**
   * Measures on databases, providers and shops of its own, which are gone when it resolves.
   * @throws when the shop did not do what the figures claim.
   */
  run(context: Context): Promise<ScenarioReport>;
}

export interface ScenarioReport {
  /** For people. */
  readonly lines: readonly string[];
  /** For the JSON file. The names contain the units. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** The surroundings of a scenario. */
export interface Context {
  /** Postgres, with an account that may create databases. */
  readonly serverUrl: string;
  /** Runs when the whole run ends, also by a signal. */
  readonly cleanup: Cleanup;
  /** Whether to show within seconds that the scenario works, instead of how fast the shop is. */
  readonly quick: boolean;
  /** Shows the current activity. */
  report(activity: string): void;
}

/** Runs `work` on a shop of its own. @throws the shop's last output when the shop exits before the work ends. */
export function withShop<Result>(
  context: Context,
  settings: Settings,
  work: (fixture: Fixture, cleanup: Cleanup) => Promise<Result>,
): Promise<Result> {
  return withCleanup(context.cleanup, async (cleanup) => {
    const fixture = await openFixture(context.serverUrl, cleanup, { settings });
    return whileRunning([fixture.store], work(fixture, cleanup));
  });
}

/** Adds products with so many units of each. @returns their SKUs. */
export async function addProducts(sql: pg.Client, count: number, unitsEach: number): Promise<string[]> {
  const { rows } = await sql.query<{ sku: string }>(
    `with ${uncounted} product as (
       insert into products (sku, product, description, price_cents, currency, image, restock_level)
       select 'bench-' || number, 'Product ' || number, 'For the benchmark', 1000 + number, 'USD',
         '/assets/products/block.svg', 100
       from generate_series(1, $1::integer) as number
       returning product_id, sku
     ), supplied as (
       insert into supply (product_id, quantity, reason, actor, request_key)
       select product_id, $2::integer, 'benchmark', 'bench', 'bench ' || sku from product
     ), stocked as (
       insert into stock (product_id, available) select product_id, $2::integer from product
     )
     select sku from product order by product_id`,
    [count, unitsEach],
  );
  return rows.map(({ sku }) => sku);
}
