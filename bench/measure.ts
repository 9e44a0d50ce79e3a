import { setTimeout as pause } from 'node:timers/promises';
import { buy, type Crowd, type Market } from './buyers.ts';
import { type Counters, difference } from './counters.ts';
import { percentile } from './statistics.ts';

/** What is measured: a market, and how to look behind its counter. */
export interface Subject {
  readonly market: Market;
  readonly readCounters: () => Promise<Counters>;
  /** Resolves when all work that the orders caused is done. */
  readonly allDone: () => Promise<void>;
}

/** The figures of one crowd. Times in milliseconds unless the name says otherwise; `_per_order` without the work at rest. */
export interface Figures {
  readonly orders: number;
  readonly orders_per_second: number;
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
  /** From the last payment until every order is dispatched. */
  readonly dispatched_after_seconds: number;
}

/** What the shop asks of Postgres while nobody buys. */
export interface Rest {
  readonly seconds: number;
  readonly statements_per_second: number;
  readonly begin_and_commit_per_second: number;
  readonly commits_per_second: number;
  readonly writes_per_second: number;
  readonly wal_bytes_per_second: number;
}

/** Counts over a quiet interval; call it when no order is on its way. */
export async function measureRest(subject: Subject, seconds: number): Promise<Rest> {
  const before = await subject.readCounters();
  await pause(seconds * 1000);
  const quiet = difference(before, await subject.readCounters());
  const perSecond = 1000 / quiet.atMs;
  return {
    seconds: quiet.atMs / 1000,
    statements_per_second: quiet.statements * perSecond,
    begin_and_commit_per_second: (quiet.begins + quiet.commits) * perSecond,
    commits_per_second: quiet.commits * perSecond,
    writes_per_second: quiet.writes * perSecond,
    wal_bytes_per_second: quiet.walBytes * perSecond,
  };
}

/** Lets a crowd buy, waits until all of it is dispatched, and counts what that took beyond the work at rest. */
export async function measure(subject: Subject, crowd: Crowd, rest: Rest): Promise<Figures> {
  const before = await subject.readCounters();
  const bought = await buy(subject.market, crowd);
  const paidAtMs = performance.now();
  await subject.allDone();
  const after = await subject.readCounters();
  const work = difference(before, after);
  const perOrder = (count: number, atRestPerSecond: number): number =>
    (count - (atRestPerSecond * work.atMs) / 1000) / bought.orders;
  return {
    orders: bought.orders,
    orders_per_second: bought.orders / bought.seconds,
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
    dispatched_after_seconds: (after.atMs - paidAtMs) / 1000,
  };
}
