import { randomUUID } from 'node:crypto';
import { checkOut, pay } from '../buyers.ts';
import { andCleanUp } from '../cleanup.ts';
import { textOf } from '../http-client.ts';
import { percentile, type Spread, spread } from '../statistics.ts';
import { type Archive, openArchive } from './archive.ts';
import { checkStock, untilDispatched } from './pending.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';

const full = { sizes: [0, 100_000, 1_000_000], rounds: 7, timesEach: 25 };
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
const everyAct = Object.keys(acts) as Act[];
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
  const p50s = archives.map(noTimes);
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    say(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
    const dying = archives.map(({ stage }) => stage.shop.died);
    const taken = await Promise.race([...dying, visitAll(archives, timesEach)]);
    if (round === 0) continue;
    for (const [place, times] of taken.entries()) {
      for (const act of everyAct) p50s[place]?.[act].push(percentile(times[act], 0.5));
    }
  }
  for (const { stage } of archives) await checkStock(stage);
  return report(sizes, p50s);
}

function noTimes(): Times {
  return { checkout: [], payment: [], order_page: [], order: [], orders: [], catalogue: [], your_orders: [] };
}

/**
 * A customer of each shop does everything so many times. They take turns, so that a slow moment of the machine hits all
 * shops alike, and each is alone in its shop. @returns milliseconds, shop by shop.
 */
async function visitAll(archives: readonly Archive[], timesEach: number): Promise<Times[]> {
  const taken = archives.map(noTimes);
  const placed = archives.map((): number[] => []);
  for (let time = 0; time < timesEach; time += 1) {
    for (let turn = 0; turn < archives.length; turn += 1) {
      // Nobody is always behind the same one.
      const place = (time + turn) % archives.length;
      const [archive, times, orderIds] = [archives[place], taken[place], placed[place]];
      if (archive && times) orderIds?.push(await visit(archive, times));
    }
  }
  await Promise.all(archives.map(({ stage }, place) => untilDispatched(stage, placed[place] ?? [])));
  return taken;
}

/** @returns the order that the customer placed. */
async function visit({ stage, client, skus, known, cookie }: Archive, times: Times): Promise<number> {
  const timed = async <Result>(act: Act, work: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const result = await work();
    times[act].push(performance.now() - began);
    return result;
  };
  const look = async (act: Act, path: string): Promise<void> => {
    textOf(path, await timed(act, () => client.get(path, { cookie })), 200);
  };
  const [sku, order] = [anyOf(skus), anyOf(known)];
  const { orderId, sessionId } = await timed('checkout', () => checkOut(client, randomUUID(), sku));
  await timed('payment', () => pay(client, stage.provider, sessionId));
  await look('order_page', order.path);
  await look('order', `/order/${order.orderId}`);
  await look('orders', '/orders');
  await look('catalogue', '/');
  await look('your_orders', '/your-orders');
  return orderId;
}

function anyOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

function report(sizes: readonly number[], p50s: readonly Times[]): ScenarioReport {
  const rows = everyAct.map((act) => {
    const spreads = p50s.map((times) => spread(times[act]));
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
