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
  const percent = (msPerSecond: number): string => `${(msPerSecond / 10).toFixed(1)} %`;
  return {
    lines: [
      `${idle.statements_per_second.toFixed(1)} statements/s and ${idle.writes_per_second.toFixed(1)} writing transactions/s while idle`,
      `RSS of the shop ${(rssBytes / 1e6).toFixed(0)} MB`,
      `processor: shop ${percent(idle.store_cpu_ms_per_second)}, Postgres ${percent(idle.postgres_cpu_ms_per_second)} of a core`,
      `${paying} of them paid afterwards, and every one was dispatched`,
    ],
    figures: { customers, ...idle, rss_bytes: rssBytes, paid_and_dispatched: paying },
  };
}
