import { randomUUID } from 'node:crypto';
import { checkOut, pay } from '../buyers.ts';
import { andCleanUp } from '../cleanup.ts';
import { textOf } from '../http-client.ts';
import { percentile, type Spread, spread } from '../statistics.ts';
import { type Archive, openArchive } from './archive.ts';
import { checkStock, untilDispatched } from './pending.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';

const full = { sizes: [0, 100_000, 1_000_000], rounds: 9, timesEach: 25 };
const quickly = { sizes: [0, 2_000], rounds: 1, timesEach: 5 };

/** What a lone customer does, by its name in the report. */
const acts = {
  checkout: 'checkout',
  payment: 'payment event',
  order_page: 'order page',
  order: 'GET /order/:id',
  orders: 'GET /orders',
  catalogue: 'catalogue',
  your_orders: 'your orders',
} as const;

type Act = keyof typeof acts;
type Times = Readonly<Record<Act, number[]>>;

/** Whether the shop becomes slower with the orders that it has carried out. */
export const history: Scenario = {
  name: 'history',
  title: `${full.sizes.map((size) => size.toLocaleString('en')).join(', ')} finished orders in the tables, a lone buyer`,
  run: (world) => andCleanUp(world.cleanup, (cleanup) => measure({ ...world, cleanup })),
};

async function measure(world: World): Promise<ScenarioReport> {
  const { quick, say, cleanup } = world;
  const { sizes, rounds, timesEach } = quick ? quickly : full;
  const archives: Archive[] = [];
  for (const size of sizes) {
    say(`filling the tables with ${size} finished orders`);
    archives.push(await openArchive(size, world, cleanup));
  }
  const p50s = new Map(archives.map((archive) => [archive, noTimes()]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    say(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
    for (const [archive, medians] of p50s) {
      const times = await Promise.race([archive.stage.shop.died, visit(archive, timesEach)]);
      if (round === 0) continue;
      for (const act of Object.keys(acts) as Act[]) medians[act].push(percentile(times[act], 0.5));
    }
  }
  for (const { stage } of archives) await checkStock(stage);
  return report(p50s);
}

function noTimes(): Times {
  return { checkout: [], payment: [], order_page: [], order: [], orders: [], catalogue: [], your_orders: [] };
}

/** A customer does everything so many times, one after the other. @returns milliseconds. */
async function visit({ stage, client, skus, known, cookie }: Archive, times: number): Promise<Times> {
  const taken = noTimes();
  const orderIds: number[] = [];
  const timed = async <Result>(act: Act, work: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const result = await work();
    taken[act].push(performance.now() - began);
    return result;
  };
  const look = async (act: Act, path: string): Promise<void> => {
    textOf(path, await timed(act, () => client.get(path, { cookie })), 200);
  };
  for (let time = 0; time < times; time += 1) {
    const sku = skus[time % skus.length] ?? '';
    const { orderId, sessionId } = await timed('checkout', () => checkOut(client, randomUUID(), sku));
    await timed('payment', () => pay(client, stage.provider, sessionId));
    orderIds.push(orderId);
  }
  await untilDispatched(stage, orderIds);
  for (let time = 0; time < times; time += 1) {
    const order = known[Math.floor(Math.random() * known.length)];
    await look('order_page', order?.path ?? '');
    await look('order', `/order/${order?.orderId}`);
    await look('orders', '/orders');
    await look('catalogue', '/');
    await look('your_orders', '/your-orders');
  }
  return taken;
}

function report(p50s: ReadonlyMap<Archive, Times>): ScenarioReport {
  const sizes = [...p50s.keys()].map(({ size }) => size);
  const rows = (Object.keys(acts) as Act[]).map((act) => {
    const spreads = [...p50s.values()].map((times) => spread(times[act]));
    return { act, spreads, ratios: spreads.map(({ median }) => median / (spreads[0]?.median ?? Number.NaN)) };
  });
  return {
    lines: rows.map(({ act, spreads, ratios }) => {
      const cells = spreads.map(
        ({ median }, place) => `${median.toFixed(1)} ms (${ratios[place]?.toFixed(2)})`,
      );
      return `${acts[act].padEnd(16)} p50 ${cells.join(', ')}`;
    }),
    figures: Object.fromEntries(
      rows.map(({ act, spreads, ratios }) => [act, bySize(sizes, spreads, ratios)]),
    ),
  };
}

function bySize(sizes: readonly number[], spreads: readonly Spread[], ratios: readonly number[]): object {
  return Object.fromEntries(
    sizes.map((size, place) => [size, { p50_ms: spreads[place], ratio_to_none: ratios[place] }]),
  );
}
