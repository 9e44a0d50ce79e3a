import type { Cleanup } from '../cleanup.ts';
import { ours } from '../counters.ts';
import { createHttpClient } from '../http-client.ts';
import { type Shop, startShop } from '../shop.ts';
import { percentile } from '../statistics.ts';
import { letNewcomersIn, type Newcomers } from './newcomers.ts';
import { checkStock, countPending, gatherPending, type PendingCrowd, payForSome } from './pending.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { until } from './together.ts';

const full = { sizes: [1_000, 10_000], paying: 50, newcomers: 10 };
const quickly = { sizes: [50], paying: 5, newcomers: 3 };
const recoverWithinSeconds = 150;
const probeEveryMs = 10;
// Counting is work for Postgres, too.
const lookEveryMs = 200;
// How the engine reads one recorded step back. Who waits does it no more.
const readOfStep = 'select%from %operation_outputs%where workflow_uuid=$1 and function_id=$2%';

/** How soon a shop that was killed serves again, and how soon all who wait at the payment page are waited for again. */
export const recovery: Scenario = {
  name: 'recovery',
  title: `kill -9 with ${full.sizes.map((size) => size.toLocaleString('en')).join(' and ')} pending checkouts`,
  run: (world) => onStage(world, {}, (stage, cleanup) => measureAll(stage, world, cleanup)),
};

interface Recovery {
  readonly pending: number;
  /** From the kill to the first page. */
  readonly firstAnswerSeconds: number;
  /** From the kill until every checkout has read its steps back and waits. */
  readonly allWaitSeconds: number;
  readonly newcomersAtRest: Newcomers;
  readonly newcomersMeanwhile: Newcomers;
}

async function measureAll(stage: Stage, world: World, cleanup: Cleanup): Promise<ScenarioReport> {
  const { sizes, paying } = world.quick ? quickly : full;
  const crowd = await gatherPending(stage);
  const recoveries: Recovery[] = [];
  let shop = stage.shop;
  for (const size of sizes) {
    const measured = await measure({ ...stage, shop }, crowd, size, world, cleanup);
    shop = measured.shop;
    recoveries.push(measured.recovery);
  }
  world.say(`${paying} of them pay`);
  await Promise.race([shop.died, payForSome({ ...stage, shop }, crowd.orders, paying)]);
  await checkStock(stage);
  return report(recoveries, paying);
}

async function measure(
  stage: Stage,
  crowd: PendingCrowd,
  size: number,
  { quick, say }: World,
  cleanup: Cleanup,
): Promise<{ shop: Shop; recovery: Recovery }> {
  say(`${size} customers check out`);
  await crowd.growTo(size);
  const [sku = ''] = crowd.skus;
  const { newcomers } = quick ? quickly : full;
  const newcomersAtRest = await letNewcomersIn(stage.shop.url, sku, (served) => served === newcomers);
  await payForSome(stage, newcomersAtRest.orders, newcomers);

  say(`killing the shop with ${size} pending checkouts`);
  const steps = await countSteps(stage);
  const before = await stage.countCalls(readOfStep);
  const killedAt = performance.now();
  const since = (): number => (performance.now() - killedAt) / 1000;
  await stage.shop.kill();
  const settings = { PORT: new URL(stage.shop.url).port };
  const [shop, firstAnswerSeconds] = await Promise.all([
    startShop(stage.places, cleanup, settings),
    firstAnswer(stage.shop.url).then(since),
  ]);

  let over = false;
  let served = 0;
  const arriving = letNewcomersIn(shop.url, sku, (number) => {
    served = number;
    return over;
  });
  // Awaited below; what stops them stops the shop as well, and its last words say more.
  arriving.catch(() => undefined);
  // Each reads its recorded steps, and then the one that it waits in, which is not recorded yet; newcomers do, too.
  const allRead = async (): Promise<boolean> => {
    const reads = (await stage.countCalls(readOfStep)) - before;
    return reads >= (steps / size + 1) * (size + served) && (await countClaimed(stage)) >= size;
  };
  const patience = { withinSeconds: recoverWithinSeconds, everyMs: lookEveryMs };
  await Promise.race([shop.died, until('all wait again', allRead, patience)]);
  const allWaitSeconds = since();
  over = true;
  const newcomersMeanwhile = await arriving;
  await payForSome({ ...stage, shop }, newcomersMeanwhile.orders, newcomersMeanwhile.orders.length);
  if ((await countPending(stage)) !== size) throw new Error(`Not all ${size} orders are pending any more.`);
  const measured = { pending: size, firstAnswerSeconds, allWaitSeconds };
  return { shop, recovery: { ...measured, newcomersAtRest, newcomersMeanwhile } };
}

/** Resolves with the first page that the shop shows. */
async function firstAnswer(shopUrl: string): Promise<void> {
  const client = createHttpClient(shopUrl, 1);
  const answers = (): Promise<boolean> =>
    client.get('/').then(
      ({ status }) => status === 200,
      () => false,
    );
  try {
    await until('the shop answers', answers, { everyMs: probeEveryMs });
  } finally {
    client.close();
  }
}

/** What the pending checkouts have recorded. */
function countSteps(stage: Stage): Promise<number> {
  return count(stage, `dbos.operation_outputs join dbos.workflow_status using (workflow_uuid)`);
}

/** The checkouts that the shop runs; those that it has still to take up are enqueued. */
async function countClaimed(stage: Stage): Promise<number> {
  return count(stage, 'dbos.workflow_status');
}

async function count({ sql }: Stage, rows: string): Promise<number> {
  const { rows: found } = await sql.query<{ count: number }>(
    `select ${ours} count(*)::integer as count from ${rows} where name = 'checkout' and status = 'PENDING'`,
  );
  return found[0]?.count ?? Number.NaN;
}

function report(recoveries: readonly Recovery[], paying: number): ScenarioReport {
  const p50 = ({ checkoutMs }: Newcomers): number => percentile(checkoutMs, 0.5);
  return {
    lines: [
      ...recoveries.flatMap((one) => [
        `${one.pending} pending: first answer ${one.firstAnswerSeconds.toFixed(1)} s, ` +
          `all wait again ${one.allWaitSeconds.toFixed(1)} s after the kill`,
        `  a newcomer's checkout meanwhile: p50 ${p50(one.newcomersMeanwhile).toFixed(1)} ms, ` +
          `slowest ${Math.max(...one.newcomersMeanwhile.checkoutMs).toFixed(0)} ms ` +
          `(p50 ${p50(one.newcomersAtRest).toFixed(1)} ms before)`,
      ]),
      `${paying} of them paid afterwards, and every one was dispatched`,
    ],
    figures: {
      recoveries: recoveries.map((one) => ({
        pending: one.pending,
        first_answer_seconds: one.firstAnswerSeconds,
        all_wait_again_seconds: one.allWaitSeconds,
        newcomers: one.newcomersMeanwhile.checkoutMs.length,
        newcomer_checkout_p50_ms: p50(one.newcomersMeanwhile),
        newcomer_checkout_slowest_ms: Math.max(...one.newcomersMeanwhile.checkoutMs),
        newcomer_checkout_before_p50_ms: p50(one.newcomersAtRest),
        asked_again: one.newcomersMeanwhile.orders.reduce((sum, { again }) => sum + again, 0),
      })),
      paid_and_dispatched: paying,
    },
  };
}
