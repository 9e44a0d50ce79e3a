import { setTimeout as pause } from 'node:timers/promises';
import { buy, type Load } from './buyers.ts';
import type { Fixture, Work } from './fixture.ts';
import { allDispatched } from './ledger.ts';
import { difference, percentile } from './statistics.ts';

/** The work of each second without buyers. Writes, WAL and Postgres' processor time are the whole server's. */
export type IdleRates = { readonly [Name in keyof Work as `${Name}_per_second`]: number };

/** The work of each order without the idle work; the load's processor time is complete. */
type WorkPerOrder = { readonly [Name in keyof Work as `${Name}_per_order`]: number };

/** The figures of one load. */
export interface Figures extends WorkPerOrder {
  readonly orders: number;
  /** From the first checkout to the last payment. */
  readonly orders_per_second: number;
  /** From the first checkout to the last dispatch, so that work after the payments counts as well. */
  readonly orders_per_second_dispatched: number;
  /** Requests that were repeated because the store was too busy to answer in time. */
  readonly retries: number;
  readonly checkout_p50_ms: number;
  readonly checkout_p99_ms: number;
  readonly webhook_p50_ms: number;
  readonly webhook_p99_ms: number;
  /** Memory of the store's process after the last payment. */
  readonly store_rss_bytes: number;
  /** From the last payment until every order is dispatched. */
  readonly dispatched_after_seconds: number;
}

/** Measures the idle work over an interval. Call it when no order is unfinished. */
export async function measureIdle({ readWork }: Fixture, seconds: number): Promise<IdleRates> {
  const [before, startedAt] = [await readWork(), performance.now()];
  await pause(seconds * 1000);
  const work = difference(before, await readWork());
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  return rename(work, 'per_second', (_, value) => value / elapsedSeconds) as IdleRates;
}

/** Runs a load, waits until every order is dispatched, and counts the work beyond the idle work. */
export async function measureLoad(
  fixture: Fixture,
  skus: readonly string[],
  load: Load,
  idle: IdleRates,
): Promise<Figures> {
  const [before, startedAt] = [await fixture.readWork(), performance.now()];
  const bought = await buy(fixture, skus, load);
  const paidAt = performance.now();
  const store_rss_bytes = await fixture.store.rssBytes();
  await allDispatched(fixture);
  const dispatched_after_seconds = (performance.now() - paidAt) / 1000;
  const work = difference(before, await fixture.readWork());
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  const perOrder = rename(
    work,
    'per_order',
    (name, value) => (value - idle[`${name}_per_second`] * elapsedSeconds) / bought.orders,
  ) as WorkPerOrder;
  return {
    orders: bought.orders,
    orders_per_second: bought.orders / bought.seconds,
    orders_per_second_dispatched: bought.orders / (bought.seconds + dispatched_after_seconds),
    retries: bought.retries,
    checkout_p50_ms: percentile(bought.checkoutMs, 0.5),
    checkout_p99_ms: percentile(bought.checkoutMs, 0.99),
    webhook_p50_ms: percentile(bought.webhookMs, 0.5),
    webhook_p99_ms: percentile(bought.webhookMs, 0.99),
    ...perOrder,
    // Not reduced by the idle time, in which this process measures all stores at once.
    load_cpu_ms_per_order: work.load_cpu_ms / bought.orders,
    store_rss_bytes,
    dispatched_after_seconds,
  };
}

/** Appends a unit to the name of each kind of work and converts its value. */
function rename(work: Work, unit: string, convert: (name: keyof Work, value: number) => number): object {
  const names = Object.keys(work) as (keyof Work)[];
  return Object.fromEntries(names.map((name) => [`${name}_${unit}`, convert(name, work[name])]));
}
