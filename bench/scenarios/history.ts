import { randomUUID } from 'node:crypto';
import { checkOut, pay } from '../buyers.ts';
import { withCleanup } from '../cleanup.ts';
import { textOf } from '../http-client.ts';
import { whileRunning } from '../process.ts';
import { percentile, spread } from '../statistics.ts';
import { type Archive, openArchive } from './archive.ts';
import { checkStock, untilDispatched } from './pending.ts';
import type { Context, Scenario, ScenarioReport } from './scenario.ts';

const full = { sizes: [0, 100_000, 1_000_000], rounds: 7, timesEach: 25 };
const quickly = { sizes: [0, 2_000], rounds: 1, timesEach: 5 };

/** The requests of a lone customer, and their names in the report. */
const requestTitles = {
  checkout: 'checkout',
  payment: 'payment event',
  order_page: 'order page',
  order: 'GET /order/:id',
  orders: 'GET /orders',
  catalogue: 'catalogue',
  your_orders: 'your orders',
} as const;

type RequestName = keyof typeof requestTitles;
const requestNames = Object.keys(requestTitles) as RequestName[];
type Times = Readonly<Record<RequestName, number[]>>;

/** Measures whether the shop becomes slower with its finished orders. */
export const history: Scenario = {
  name: 'history',
  title: `${full.sizes.map((size) => size.toLocaleString('en')).join(', ')} finished orders in the tables, a lone buyer`,
  run: (context) => withCleanup(context.cleanup, (cleanup) => measure({ ...context, cleanup })),
};

async function measure(context: Context): Promise<ScenarioReport> {
  const { quick, report, cleanup } = context;
  const { sizes, rounds, timesEach } = quick ? quickly : full;
  const archives: Archive[] = [];
  for (const size of sizes) {
    report(`filling the tables with ${size} finished orders`);
    archives.push(await openArchive(size, context, cleanup));
  }
  const p50s = archives.map(noTimes);
  const stores = archives.map(({ fixture }) => fixture.store);
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    report(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
    const samples = await whileRunning(stores, visitAll(archives, timesEach));
    if (round === 0) continue;
    for (const [index, times] of samples.entries()) {
      for (const name of requestNames) p50s[index]?.[name].push(percentile(times[name], 0.5));
    }
  }
  for (const { fixture } of archives) await checkStock(fixture);
  return summarize(sizes, p50s);
}

function noTimes(): Times {
  return Object.fromEntries(requestNames.map((name) => [name, []])) as unknown as Times;
}

/**
 * A customer of each shop makes every request so many times. The customers take turns, so that a slow moment of the
 * machine affects all shops, and each shop serves one request at a time. @returns milliseconds for each shop.
 */
async function visitAll(archives: readonly Archive[], timesEach: number): Promise<Times[]> {
  const samples = archives.map((archive) => ({ archive, times: noTimes(), orderIds: [] as number[] }));
  for (let time = 0; time < timesEach; time += 1) {
    for (let turn = 0; turn < samples.length; turn += 1) {
      // The first shop changes, so that none is always behind the same one.
      const sample = samples[(time + turn) % samples.length];
      if (sample) sample.orderIds.push(await visit(sample.archive, sample.times));
    }
  }
  await Promise.all(samples.map(({ archive, orderIds }) => untilDispatched(archive.fixture, orderIds)));
  return samples.map(({ times }) => times);
}

/** @returns the order that the customer placed. */
async function visit({ fixture, client, skus, known, cookie }: Archive, times: Times): Promise<number> {
  const timed = async <Result>(name: RequestName, work: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const result = await work();
    times[name].push(performance.now() - began);
    return result;
  };
  const get = async (name: RequestName, path: string): Promise<void> => {
    textOf(path, await timed(name, () => client.get(path, { cookie })), 200);
  };
  const [sku, order] = [anyOf(skus), anyOf(known)];
  const { orderId, sessionId } = await timed('checkout', () => checkOut(client, randomUUID(), sku));
  await timed('payment', () => pay(client, fixture.provider, sessionId));
  await get('order_page', order.path);
  await get('order', `/order/${order.orderId}`);
  await get('orders', '/orders');
  await get('catalogue', '/');
  await get('your_orders', '/your-orders');
  return orderId;
}

function anyOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

function summarize(sizes: readonly number[], p50s: readonly Times[]): ScenarioReport {
  const rows = requestNames.map((name) => {
    const spreads = p50s.map((times) => spread(times[name]));
    const ofNone = spreads[0]?.median ?? Number.NaN;
    return { name, cells: spreads.map((p50_ms) => ({ p50_ms, ratio_to_none: p50_ms.median / ofNone })) };
  });
  return {
    lines: rows.map(({ name, cells }) => {
      const texts = cells.map(
        (cell) => `${cell.p50_ms.median.toFixed(1)} ms (${cell.ratio_to_none.toFixed(2)})`,
      );
      return `${requestTitles[name].padEnd(16)} p50 ${texts.join(', ')}`;
    }),
    figures: Object.fromEntries(
      rows.map(({ name, cells }) => [
        name,
        Object.fromEntries(sizes.map((size, index) => [size, cells[index]])),
      ]),
    ),
  };
}
