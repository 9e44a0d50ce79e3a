import { setTimeout as pause } from 'node:timers/promises';
import { difference } from '../counters.ts';
import { openProcessorTimes } from '../processor.ts';
import { checkStock, gatherPending, payForSome } from './pending.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';

const full = { customers: 10_000, paying: 200, settlingSeconds: 5, restSeconds: 25 };
const quickly = { customers: 100, paying: 10, settlingSeconds: 1, restSeconds: 3 };

/** What customers cost who look at the payment page and do nothing. */
export const waiting: Scenario = {
  name: 'waiting',
  title: `${full.customers.toLocaleString('en')} customers waiting at the payment page`,
  run: (world) => onStage(world, {}, (stage) => measure(stage, world)),
};

async function measure(stage: Stage, { quick, say }: World): Promise<ScenarioReport> {
  const { customers, paying, settlingSeconds, restSeconds } = quick ? quickly : full;
  say(`${customers} customers check out`);
  const crowd = await gatherPending(stage);
  await crowd.growTo(customers);
  await pause(settlingSeconds * 1000);

  say(`counting for ${restSeconds} s while nothing happens`);
  const rest = await restFor(stage, restSeconds);
  say(`${paying} of them pay`);
  await payForSome(stage, crowd.orders, paying);
  await checkStock(stage);
  return report(customers, paying, rest);
}

/** The shop and its Postgres over some seconds. */
interface Rest {
  readonly statementsPerSecond: number;
  readonly writesPerSecond: number;
  readonly rssBytes: number;
  /** Shares of one core, from 0 to 1; of Postgres NaN when it runs elsewhere. */
  readonly shopCpu: number;
  readonly postgresCpu: number;
}

async function restFor({ shop, sql, readCounters }: Stage, seconds: number): Promise<Rest> {
  const readTimes = await openProcessorTimes(shop, sql);
  const [countersBefore, timesBefore] = [await readCounters(), await readTimes()];
  await pause(seconds * 1000);
  const [countersAfter, timesAfter] = [await readCounters(), await readTimes()];
  const work = difference(countersBefore, countersAfter);
  const times = difference(timesBefore, timesAfter);
  const { rssBytes } = await shop.usage();
  return {
    statementsPerSecond: (work.statements / work.atMs) * 1000,
    writesPerSecond: (work.writes / work.atMs) * 1000,
    rssBytes,
    shopCpu: times.program / work.atMs,
    postgresCpu: times.postgres / work.atMs,
  };
}

function report(customers: number, paying: number, rest: Rest): ScenarioReport {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return {
    lines: [
      `${rest.statementsPerSecond.toFixed(1)} statements/s and ${rest.writesPerSecond.toFixed(1)} writing transactions/s at rest`,
      `RSS of the shop ${(rest.rssBytes / 1e6).toFixed(0)} MB`,
      `processor: shop ${percent(rest.shopCpu)}, Postgres ${percent(rest.postgresCpu)} of a core`,
      `${paying} of them paid afterwards, and every one was dispatched`,
    ],
    figures: {
      customers,
      statements_per_second: rest.statementsPerSecond,
      writes_per_second: rest.writesPerSecond,
      rss_bytes: rest.rssBytes,
      shop_cpu_share: rest.shopCpu,
      postgres_cpu_share: rest.postgresCpu,
      paid_and_dispatched: paying,
    },
  };
}
