import { setTimeout as pause } from 'node:timers/promises';
import { buy, type Crowd } from './buyers.ts';
import { type Counters, difference } from './counters.ts';
import type { ProcessorTimes } from './processor.ts';
import { percentile } from './statistics.ts';
import type { Subject } from './subjects.ts';

/** The figures of one crowd. Times in milliseconds unless the name says otherwise; `_per_order` without the work at rest. */
export interface Figures {
  readonly orders: number;
  /** From the first checkout to the last payment. */
  readonly orders_per_second: number;
  /** From the first checkout to the last dispatch: what is put off until after the payments counts as well. */
  readonly orders_per_second_dispatched: number;
  /** Answers that said to ask again: the shop was too busy to finish in time. */
  readonly asked_again: number;
  readonly checkout_p50_ms: number;
  readonly checkout_p99_ms: number;
  readonly webhook_p50_ms: number;
  readonly webhook_p99_ms: number;
  /** Everything that a client sent, BEGIN and COMMIT included. */
  readonly statements_per_order: number;
  readonly begin_and_commit_per_order: number;
  /** COMMIT statements. */
  readonly commits_per_order: number;
  /** Transactions that changed something, with a COMMIT or without. */
  readonly writes_per_order: number;
  readonly wal_bytes_per_order: number;
  /** Processor time of the store's process. */
  readonly store_cpu_ms_per_order: number;
  /** Processor time of all processes of Postgres. */
  readonly postgres_cpu_ms_per_order: number;
  /** Processor time of the buyers, the provider and the measuring, which share the machine. */
  readonly load_cpu_ms_per_order: number;
  /** Memory of the store's process after the last payment. */
  readonly store_rss_bytes: number;
  /** From the last payment until every order is dispatched. */
  readonly dispatched_after_seconds: number;
}

/** What happens each second while nobody buys. Writes, WAL and Postgres' processor time are the whole server's. */
export interface Rest {
  readonly seconds: number;
  readonly statements_per_second: number;
  readonly begin_and_commit_per_second: number;
  readonly commits_per_second: number;
  readonly writes_per_second: number;
  readonly wal_bytes_per_second: number;
  readonly store_cpu_ms_per_second: number;
  readonly postgres_cpu_ms_per_second: number;
}

interface Readings {
  readonly counters: Counters;
  readonly times: ProcessorTimes;
}

async function readAll({ readCounters, readTimes }: Subject): Promise<Readings> {
  return { counters: await readCounters(), times: await readTimes() };
}

function between(before: Readings, after: Readings): Readings {
  return {
    counters: difference(before.counters, after.counters),
    times: difference(before.times, after.times),
  };
}

/** Counts over a quiet interval; call it when no order is on its way. */
export async function measureRest(subject: Subject, seconds: number): Promise<Rest> {
  const before = await readAll(subject);
  await pause(seconds * 1000);
  const { counters: quiet, times } = between(before, await readAll(subject));
  const perSecond = 1000 / quiet.atMs;
  return {
    seconds: quiet.atMs / 1000,
    statements_per_second: quiet.statements * perSecond,
    begin_and_commit_per_second: (quiet.begins + quiet.commits) * perSecond,
    commits_per_second: quiet.commits * perSecond,
    writes_per_second: quiet.writes * perSecond,
    wal_bytes_per_second: quiet.walBytes * perSecond,
    store_cpu_ms_per_second: times.program * perSecond,
    postgres_cpu_ms_per_second: times.postgres * perSecond,
  };
}

/** Lets a crowd buy, waits until all of it is dispatched, and counts what that took beyond the work at rest. */
export async function measure(subject: Subject, crowd: Crowd, rest: Rest): Promise<Figures> {
  const before = await readAll(subject);
  const bought = await buy(subject.market, crowd);
  const paidAtMs = performance.now();
  const { rssBytes } = await subject.program.usage();
  await subject.allDone();
  const dispatchedAfterSeconds = (performance.now() - paidAtMs) / 1000;
  const { counters: work, times } = between(before, await readAll(subject));
  const perOrder = (count: number, atRestPerSecond: number): number =>
    (count - (atRestPerSecond * work.atMs) / 1000) / bought.orders;
  return {
    orders: bought.orders,
    orders_per_second: bought.orders / bought.seconds,
    orders_per_second_dispatched: bought.orders / (bought.seconds + dispatchedAfterSeconds),
    asked_again: bought.askedAgain,
    checkout_p50_ms: percentile(bought.checkoutMs, 0.5),
    checkout_p99_ms: percentile(bought.checkoutMs, 0.99),
    webhook_p50_ms: percentile(bought.webhookMs, 0.5),
    webhook_p99_ms: percentile(bought.webhookMs, 0.99),
    statements_per_order: perOrder(work.statements, rest.statements_per_second),
    begin_and_commit_per_order: perOrder(work.begins + work.commits, rest.begin_and_commit_per_second),
    commits_per_order: perOrder(work.commits, rest.commits_per_second),
    writes_per_order: perOrder(work.writes, rest.writes_per_second),
    wal_bytes_per_order: perOrder(work.walBytes, rest.wal_bytes_per_second),
    store_cpu_ms_per_order: perOrder(times.program, rest.store_cpu_ms_per_second),
    postgres_cpu_ms_per_order: perOrder(times.postgres, rest.postgres_cpu_ms_per_second),
    load_cpu_ms_per_order: times.load / bought.orders,
    store_rss_bytes: rssBytes,
    dispatched_after_seconds: dispatchedAfterSeconds,
  };
}
