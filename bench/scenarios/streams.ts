import { Agent, request } from 'undici';
import { checkOut, type PlacedOrder, pay } from '../buyers.ts';
import type { Cleanup } from '../cleanup.ts';
import { inParallel, waitUntil } from '../concurrency.ts';
import type { Fixture } from '../fixture.ts';
import { createHttpClient, type HttpClient } from '../http-client.ts';
import { allDispatched, checkLedger } from '../ledger.ts';
import { percentile } from '../statistics.ts';
import { addProducts, type Context, type Scenario, type ScenarioReport, withShop } from './scenario.ts';

const orders = { full: 50, quick: 5 };
const streamsEach = 10;
const paidAtOnce = 10;
// Part of the query by which the shop reads an order for its open pages (src/database/queries/).
const readOfOrder = '%order by history_id%';

/** Measures how soon open order pages show a payment, and their cost. */
export const streams: Scenario = {
  name: 'streams',
  title: `${orders.full * streamsEach} event streams open: ${streamsEach} at each of ${orders.full} orders`,
  run: (context) =>
    withShop(context, { EVENT_STREAMS_PER_ADDRESS: '10000' }, (fixture, cleanup) =>
      measure(fixture, context, cleanup),
    ),
};

/** The event stream of an order page, as an open browser holds it. */
interface EventStream {
  /** When each message about the order came, by `performance.now()`. The first message is the order's first status. */
  readonly arrivals: number[];
  /** Whether the shop has closed it, as it does when no further message can follow. */
  ended: boolean;
}

/** An order and the streams of its open pages. */
interface WatchedOrder {
  readonly order: PlacedOrder;
  readonly streams: readonly EventStream[];
}

async function measure(
  fixture: Fixture,
  { quick, report }: Context,
  cleanup: Cleanup,
): Promise<ScenarioReport> {
  const { store, provider, counters } = fixture;
  const count = quick ? orders.quick : orders.full;
  const client = createHttpClient(store.url, paidAtOnce);
  cleanup.add(client.close);
  report(`opening ${count * streamsEach} streams`);
  const watched = await openAll(fixture, client, count, cleanup);
  const rssBytes = await store.rssBytes();

  report(`paying ${count} orders`);
  const before = await counters.countCalls(readOfOrder);
  const delays = await inParallel(count, paidAtOnce, async (number) => {
    const { order, streams } = watched[number] as WatchedOrder;
    await pay(client, provider, order.sessionId);
    const answeredAt = performance.now();
    const allShowIt = (): boolean => streams.every(({ arrivals }) => arrivals.length > 1);
    await waitUntil('every stream shows the payment', allShowIt, { everyMs: 5 });
    // A message can arrive before the provider has its answer.
    return streams.map(({ arrivals }) => Math.max(0, (arrivals[1] ?? Number.NaN) - answeredAt));
  });
  await allDispatched(fixture);
  const all = watched.flatMap(({ streams }) => streams);
  await waitUntil('every stream has ended', () => all.every(({ ended }) => ended));
  await checkLedger(fixture, count);
  return summarize(watched, delays.flat(), (await counters.countCalls(readOfOrder)) - before, rssBytes);
}

async function openAll(
  { sql, store }: Fixture,
  client: HttpClient,
  count: number,
  cleanup: Cleanup,
): Promise<WatchedOrder[]> {
  const [sku = ''] = await addProducts(sql, 1, count);
  // Without a limit, each stream has a connection of its own.
  const agent = new Agent({ bodyTimeout: 0 });
  cleanup.add(() => agent.destroy());
  const watched = await inParallel(count, paidAtOnce, async (number) => {
    const order = await checkOut(client, `watched-${number}`, sku);
    const url = `${store.url}${order.path}/events`;
    return { order, streams: await inParallel(streamsEach, streamsEach, () => openEventStream(url, agent)) };
  });
  const all = watched.flatMap(({ streams }) => streams);
  await waitUntil('every stream shows its order', () => all.every(({ arrivals }) => arrivals.length > 0));
  return watched;
}

/** @throws when the shop does not answer with a stream. */
async function openEventStream(url: string, dispatcher: Agent): Promise<EventStream> {
  const { statusCode, body } = await request(url, { dispatcher, headers: { accept: 'text/event-stream' } });
  if (statusCode !== 200) throw new Error(`${url} was answered ${statusCode}.`);
  const stream: EventStream = { arrivals: [], ended: false };
  let unread = '';
  body.setEncoding('utf8');
  body.on('data', (text: string) => {
    const messages = (unread + text).split('\n\n');
    unread = messages.pop() ?? '';
    const now = performance.now();
    // The stream also carries heartbeats, which have another name.
    for (const message of messages) if (/^event: order$/m.test(message)) stream.arrivals.push(now);
  });
  body.on('error', () => undefined);
  body.on('close', () => {
    stream.ended = true;
  });
  return stream;
}

/** @throws when the counted reads are fewer than the messages that they caused. */
function summarize(
  watched: readonly WatchedOrder[],
  delays: readonly number[],
  reads: number,
  rssBytes: number,
): ScenarioReport {
  // All streams of an order get the same messages, so the first one shows how often the order changed.
  const changes = watched.reduce((sum, { streams }) => sum + (streams[0]?.arrivals.length ?? 0) - 1, 0);
  if (reads < changes) throw new Error(`${changes} changes were sent, but only ${reads} reads counted.`);
  const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
  const readsPerChange = reads / changes;
  return {
    lines: [
      `from the provider's answer to the message in the browser: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      `${readsPerChange.toFixed(2)} reads for each change that was sent to ${streamsEach} streams`,
      `RSS of the shop ${(rssBytes / 1e6).toFixed(0)} MB`,
    ],
    figures: {
      streams: delays.length,
      message_p50_ms: p50,
      message_p99_ms: p99,
      changes_sent: changes,
      reads_per_change: readsPerChange,
      rss_bytes: rssBytes,
    },
  };
}
