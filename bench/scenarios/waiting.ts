import { setTimeout as pause } from 'node:timers/promises';
import type { Fixture } from '../fixture.ts';
import { type IdleRates, measureIdle } from '../measure.ts';
import { checkStock, openPendingOrders, payForSome } from './pending.ts';
import { type Context, type Scenario, type ScenarioReport, withShop } from './scenario.ts';

const full = { customers: 10_000, paying: 200, settlingSeconds: 5, idleSeconds: 25 };
const quickly = { customers: 100, paying: 10, settlingSeconds: 1, idleSeconds: 3 };

/** Measures the cost of customers who stay on the payment page. */
export const waiting: Scenario = {
  name: 'waiting',
  title: `${full.customers.toLocaleString('en')} customers waiting at the payment page`,
  run: (context) => withShop(context, {}, (fixture) => measure(fixture, context)),
};

async function measure(fixture: Fixture, { quick, report }: Context): Promise<ScenarioReport> {
  const { customers, paying, settlingSeconds, idleSeconds } = quick ? quickly : full;
  report(`${customers} customers check out`);
  const pending = await openPendingOrders(fixture);
  await pending.growTo(customers);
  await pause(settlingSeconds * 1000);

  report(`measuring the idle work for ${idleSeconds} s`);
  const idle = await measureIdle(fixture, idleSeconds);
  const rssBytes = await fixture.store.rssBytes();
  report(`${paying} of them pay`);
  await payForSome(fixture, pending.orders, paying);
  await checkStock(fixture);
  return summarize(customers, paying, idle, rssBytes);
}

function summarize(customers: number, paying: number, idle: IdleRates, rssBytes: number): ScenarioReport {
  const [statements, writes] = [idle.statements_per_second, idle.writes_per_second];
  const [shopCpu, postgresCpu] = [
    idle.store_cpu_ms_per_second / 1000,
    idle.postgres_cpu_ms_per_second / 1000,
  ];
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return {
    lines: [
      `${statements.toFixed(1)} statements/s and ${writes.toFixed(1)} writing transactions/s while idle`,
      `RSS of the shop ${(rssBytes / 1e6).toFixed(0)} MB`,
      `processor: shop ${percent(shopCpu)}, Postgres ${percent(postgresCpu)} of a core`,
      `${paying} of them paid afterwards, and every one was dispatched`,
    ],
    figures: {
      customers,
      statements_per_second: statements,
      writes_per_second: writes,
      rss_bytes: rssBytes,
      shop_cpu_share: shopCpu,
      postgres_cpu_share: postgresCpu,
      paid_and_dispatched: paying,
    },
  };
}
