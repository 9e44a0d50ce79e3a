import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { checkOut, type PlacedOrder } from '../buyers.ts';
import type { Cleanup } from '../cleanup.ts';
import { waitUntil } from '../concurrency.ts';
import { uncounted } from '../counters.ts';
import { queryRow } from '../databases.ts';
import type { Fixture } from '../fixture.ts';
import { withHttpClient } from '../http-client.ts';
import { whileRunning } from '../process.ts';
import { percentile } from '../statistics.ts';
import { startStore } from '../stores.ts';
import { checkStock, countPending, openPendingOrders, type PendingOrders, payForSome } from './pending.ts';
import { type Context, type Scenario, type ScenarioReport, withShop } from './scenario.ts';

const full = { sizes: [1_000, 10_000], paying: 50, newcomers: 10 };
const quickly = { sizes: [50], paying: 5, newcomers: 3 };
const recoverWithinSeconds = 150;
const probeEveryMs = 10;
// Counting is work for Postgres, too.
const countEveryMs = 200;
// Rare enough to cost the shop next to nothing.
const newcomerEveryMs = 200;
// The engine's query for one recorded step. A workflow that waits sends no more of them.
const readOfStep = 'select%from %operation_outputs%where workflow_uuid=$1 and function_id=$2%';

/** Measures how soon a killed shop answers again, and how soon all pending checkouts wait for their payments again. */
export const recovery: Scenario = {
  name: 'recovery',
  title: `kill -9 with ${full.sizes.map((size) => size.toLocaleString('en')).join(' and ')} pending checkouts`,
  run: (context) => withShop(context, {}, (fixture, cleanup) => measureAll(fixture, context, cleanup)),
};

async function measureAll(first: Fixture, context: Context, cleanup: Cleanup): Promise<ScenarioReport> {
  const { sizes, paying } = context.quick ? quickly : full;
  const pending = await openPendingOrders(first);
  const recoveries: Recovery[] = [];
  let fixture = first;
  for (const size of sizes) {
    const { store, recovery } = await measure(fixture, pending, size, context, cleanup);
    fixture = { ...fixture, store };
    recoveries.push(recovery);
  }
  context.report(`${paying} of them pay`);
  await whileRunning([fixture.store], payForSome(fixture, pending.orders, paying));
  await checkStock(fixture);
  return summarize(recoveries, paying);
}

async function measure(
  fixture: Fixture,
  pending: PendingOrders,
  size: number,
  { quick, report }: Context,
  cleanup: Cleanup,
) {
  report(`${size} customers check out`);
  await pending.growTo(size);
  const [sku = ''] = pending.skus;
  const { newcomers } = quick ? quickly : full;
  const newcomersBefore = await runNewcomers(fixture.store.url, sku, (served) => served === newcomers);
  await payForSome(fixture, newcomersBefore.orders, newcomers);

  report(`killing the shop with ${size} pending checkouts`);
  const steps = await countPendingCheckouts(fixture, 'join dbos.operation_outputs using (workflow_uuid)');
  const reads = await fixture.counters.countCalls(readOfStep);
  const killedAt = performance.now();
  const secondsSinceKill = (): number => (performance.now() - killedAt) / 1000;
  await fixture.store.kill();
  const options = { ...fixture.options, settings: { PORT: new URL(fixture.store.url).port } };
  const [store, firstAnswerSeconds] = await Promise.all([
    startStore(options, cleanup),
    firstAnswer(fixture.store.url).then(secondsSinceKill),
  ]);

  let isOver = false;
  let served = 0;
  const newcomersDone = runNewcomers(store.url, sku, (number) => {
    served = number;
    return isOver;
  });
  // Awaited below. A failure that comes with the shop's exit is reported with the shop's last output.
  newcomersDone.catch(() => undefined);
  // Each checkout, those of newcomers included, reads its recorded steps and the one in which it waits.
  const allWait = async (): Promise<boolean> => {
    const readsSinceKill = (await fixture.counters.countCalls(readOfStep)) - reads;
    if (readsSinceKill < (steps / size + 1) * (size + served)) return false;
    return (await countPendingCheckouts(fixture)) >= size;
  };
  const limits = { withinSeconds: recoverWithinSeconds, everyMs: countEveryMs };
  await whileRunning([store], waitUntil('all checkouts wait again', allWait, limits));
  const allWaitSeconds = secondsSinceKill();
  isOver = true;
  const newcomersMeanwhile = await newcomersDone;
  await payForSome({ ...fixture, store }, newcomersMeanwhile.orders, newcomersMeanwhile.orders.length);
  if ((await countPending(fixture)) !== size) throw new Error(`Fewer than ${size} orders are still pending.`);
  const recovery = {
    pending: size,
    // From the kill to the first page.
    first_answer_seconds: firstAnswerSeconds,
    // From the kill until every checkout has read its recorded steps and waits.
    all_wait_again_seconds: allWaitSeconds,
    newcomers: newcomersMeanwhile.checkoutMs.length,
    newcomer_checkout_p50_ms: percentile(newcomersMeanwhile.checkoutMs, 0.5),
    newcomer_checkout_slowest_ms: Math.max(...newcomersMeanwhile.checkoutMs),
    newcomer_checkout_before_p50_ms: percentile(newcomersBefore.checkoutMs, 0.5),
    retries: newcomersMeanwhile.orders.reduce((sum, { retries }) => sum + retries, 0),
  };
  return { store, recovery };
}

type Recovery = Awaited<ReturnType<typeof measure>>['recovery'];

/** Resolves with the first page that the shop serves. */
function firstAnswer(storeUrl: string): Promise<void> {
  return withHttpClient(storeUrl, 1, (client) => {
    const answers = (): Promise<boolean> =>
      client.get('/').then(
        ({ status }) => status === 200,
        () => false,
      );
    return waitUntil('the shop answers', answers, { everyMs: probeEveryMs });
  });
}

/** Counts the checkouts that the shop has claimed (unclaimed ones are enqueued), or the rows joined to them. */
async function countPendingCheckouts({ sql }: Fixture, join = ''): Promise<number> {
  const { count } = await queryRow<{ count: number }>(
    sql,
    `select ${uncounted} count(*)::integer as count from dbos.workflow_status ${join}
     where name = 'checkout' and status = 'PENDING'`,
  );
  return count;
}

/** Lets customers check out one after the other until `isOver` is true. @throws when one is not served. */
function runNewcomers(storeUrl: string, sku: string, isOver: (served: number) => boolean) {
  return withHttpClient(storeUrl, 1, async (client) => {
    const orders: PlacedOrder[] = [];
    const checkoutMs: number[] = [];
    do {
      const began = performance.now();
      orders.push(await checkOut(client, randomUUID(), sku));
      checkoutMs.push(performance.now() - began);
      await pause(newcomerEveryMs);
    } while (!isOver(orders.length));
    return { orders, checkoutMs };
  });
}

function summarize(recoveries: readonly Recovery[], paying: number): ScenarioReport {
  return {
    lines: [
      ...recoveries.flatMap((one) => [
        `${one.pending} pending: first answer ${one.first_answer_seconds.toFixed(1)} s, ` +
          `all wait again ${one.all_wait_again_seconds.toFixed(1)} s after the kill`,
        `  a newcomer's checkout meanwhile: p50 ${one.newcomer_checkout_p50_ms.toFixed(1)} ms, ` +
          `slowest ${one.newcomer_checkout_slowest_ms.toFixed(0)} ms ` +
          `(p50 ${one.newcomer_checkout_before_p50_ms.toFixed(1)} ms before)`,
      ]),
      `${paying} of them paid afterwards, and every one was dispatched`,
    ],
    figures: { recoveries, paid_and_dispatched: paying },
  };
}
