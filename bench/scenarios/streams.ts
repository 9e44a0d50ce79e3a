import { allDispatched, checkBooks } from '../books.ts';
import { checkOut, type PlacedOrder, pay } from '../buyers.ts';
import type { Cleanup } from '../cleanup.ts';
import { createHttpClient, type HttpClient } from '../http-client.ts';
import { percentile } from '../statistics.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { addProducts } from './products.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { together, until } from './together.ts';

const orders = { full: 50, quick: 5 };
const streamsEach = 10;
const paidAtOnce = 10;
// How the shop reads an order for those who watch it (src/database/queries/order-story.ts).
const readOfOrder = '%json_agg(entry order by%';

/** How soon those hear of a payment who have the page of its order open, and what they cost. */
export const streams: Scenario = {
  name: 'streams',
  title: `${orders.full * streamsEach} event streams open: ${streamsEach} at each of ${orders.full} orders`,
  run: (world) =>
    onStage(world, { EVENT_STREAMS_PER_ADDRESS: '10000' }, (stage, cleanup) =>
      measure(stage, world, cleanup),
    ),
};

/** An order and those who watch it. */
interface Watched {
  readonly order: PlacedOrder;
  readonly watchers: readonly EventStream[];
}

async function measure(stage: Stage, { quick, say }: World, cleanup: Cleanup): Promise<ScenarioReport> {
  const count = quick ? orders.quick : orders.full;
  const client = createHttpClient(stage.shop.url, paidAtOnce);
  cleanup.add(client.close);
  say(`opening ${count * streamsEach} streams`);
  const watched = await openAll(stage, client, count, cleanup);
  const { rssBytes } = await stage.shop.usage();

  say(`paying ${count} orders`);
  const before = await stage.countCalls(readOfOrder);
  const delays = await together(count, paidAtOnce, async (number) => {
    const { order, watchers } = watched[number] as Watched;
    await pay(client, stage.provider, order.sessionId);
    const answeredAt = performance.now();
    await until(
      'every stream tells of the payment',
      () => all(watchers, ({ arrivals }) => arrivals.length > 1),
      {
        everyMs: 5,
      },
    );
    // The news may be there before the provider has its answer.
    return watchers.map(({ arrivals }) => Math.max(0, (arrivals[1] ?? Number.NaN) - answeredAt));
  });
  await allDispatched(stage.sql);
  await until('every stream has ended', () =>
    all(
      watched.flatMap(({ watchers }) => watchers),
      (one) => one.ended(),
    ),
  );
  await checkBooks(stage.sql, count);
  const reads = (await stage.countCalls(readOfOrder)) - before;
  return report(watched, delays.flat(), reads, rssBytes);
}

async function openAll(
  stage: Stage,
  client: HttpClient,
  count: number,
  cleanup: Cleanup,
): Promise<Watched[]> {
  const [sku = ''] = await addProducts(stage.sql, 1, count);
  const watched = await together(count, paidAtOnce, async (number) => {
    const order = await checkOut(client, `watched-${number}`, sku);
    const url = `${stage.shop.url}${order.path}/events`;
    return { order, watchers: await together(streamsEach, streamsEach, () => openEventStream(url)) };
  });
  const everyone = watched.flatMap(({ watchers }) => watchers);
  cleanup.add(() => {
    for (const stream of everyone) stream.close();
  });
  await until('every stream shows its order', () => all(everyone, ({ arrivals }) => arrivals.length > 0));
  return watched;
}

function all(streams: readonly EventStream[], isSo: (stream: EventStream) => boolean): Promise<boolean> {
  return Promise.resolve(streams.every(isSo));
}

function report(
  watched: readonly Watched[],
  delays: readonly number[],
  reads: number,
  rssBytes: number,
): ScenarioReport {
  // All who watch an order are told of it together, so any of them knows how often it changed.
  const changes = watched.reduce((sum, { watchers }) => sum + (watchers[0]?.arrivals.length ?? 0) - 1, 0);
  if (reads < changes) throw new Error(`${changes} changes were told, but only ${reads} reads counted.`);
  const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
  const readsPerChange = reads / changes;
  return {
    lines: [
      `from the provider's answer to the news in the browser: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      `${readsPerChange.toFixed(2)} reads for each change that was told, to ${streamsEach} streams`,
      `RSS of the shop ${(rssBytes / 1e6).toFixed(0)} MB`,
    ],
    figures: {
      streams: delays.length,
      news_p50_ms: p50,
      news_p99_ms: p99,
      changes_told: changes,
      reads_per_change: readsPerChange,
      rss_bytes: rssBytes,
    },
  };
}
