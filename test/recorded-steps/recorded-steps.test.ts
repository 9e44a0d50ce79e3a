import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../src/shared/program.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { ask } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';
import {
  type End,
  loadMoments,
  type Moment,
  readEnd,
  readMoments,
  recordMoments,
  removeOrders,
} from './moments.ts';
import { actions, answer, type ScenarioName, scenarioNames } from './scenarios.ts';

// Each release keeps what its engine stored about some orders, at each recorded step. Every later build must continue all of them: with
// the same steps, to the same end. RECORD_STEPS=1 records those of the present version instead.

/** What a release stored about one order: its rows at each step, and how it ended. */
interface Recorded {
  readonly end: End;
  readonly moments: readonly Moment[];
}

const folder = new URL('./', import.meta.url);
const records = process.env['RECORD_STEPS'] === '1';
const fake = new FakeProvider();
let shop: TestShop;

beforeAll(async () => {
  fake.answer = answer;
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '0.1',
    PAYMENT_RETRIES: '0',
    PAYMENT_SERVICE_URL: await fake.start(),
  });
});

afterAll(async () => {
  await shop.close();
  await fake.close();
});

/** Lets an order go on until all of its workflows have ended. */
async function finish(name: ScenarioName): Promise<End> {
  await actions[name](shop, name);
  const end = await waitFor(
    `the workflows of ${name} to end`,
    () => readEnd(shop.database, name),
    (found) =>
      found !== undefined &&
      found.status !== 'paid' &&
      found.workflows.every((one) => /SUCCESS|ERROR/.test(one)),
  );
  return end ?? { status: '', state: null, workflows: [] };
}

/** The buyers have paid here before: since 0.1.0, the end of an unpaid order is reported to the addresses of such buyers only. */
async function letBuyersHavePaid(names: readonly ScenarioName[]): Promise<void> {
  const now = new Date();
  const paid = names.map((name) => ({
    checkout_key: `before-${name}`,
    request_hash: '0'.repeat(64),
    token: `an-earlier-order-of-${name}`,
    request_id: 'request',
    status: 'dispatched',
    email: `${name}@shop.example`,
    subtotal_cents: 0,
    total_cents: 0,
    currency: 'USD',
    hold_expires_at: now,
    paid_at: now,
    dispatched_at: now,
  }));
  await shop.database('orders').insert(paid);
}

async function recordedBy(release: string): Promise<Map<ScenarioName, Recorded>> {
  const files = await readdir(new URL(`${release}/`, folder));
  const found = await Promise.all(
    files.map(
      async (file) =>
        [
          file.replace('.json', '') as ScenarioName,
          JSON.parse(await readFile(new URL(`${release}/${file}`, folder), 'utf8')) as Recorded,
        ] as const,
    ),
  );
  return new Map(found);
}

const folders = await readdir(folder, { withFileTypes: true });
const releases = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);

test.runIf(records)('record the steps of this version', async () => {
  await recordMoments(shop.database);
  await rm(new URL(`${version}/`, folder), { recursive: true, force: true });
  await mkdir(new URL(`${version}/`, folder));
  await letBuyersHavePaid(scenarioNames);
  for (const name of scenarioNames) {
    await ask(`${shop.shopUrl}/checkout/${name}`, {
      items: [{ sku: 'thimble', qty: 1 }],
      email: `${name}@shop.example`,
    });
    const end = await finish(name);
    const moments = await readMoments(shop.database, name);
    const text = JSON.stringify({ end, moments }, null, 1).replaceAll(/\n {4,}/g, ' ');
    await writeFile(new URL(`${version}/${name}.json`, folder), `${text}\n`);
  }
});

test.skipIf(records).each(releases)(
  'orders in flight of release %s end as there, with its steps, from each of them on',
  async (release) => {
    const recorded = await recordedBy(release);
    const rounds = Math.max(...[...recorded.values()].map(({ moments }) => moments.length));
    for (let round = 0; round < rounds; round += 1) {
      const loaded = [...recorded].filter(([, { moments }]) => round < moments.length);
      await removeOrders(shop.database);
      await letBuyersHavePaid(loaded.map(([name]) => name));
      await loadMoments(
        shop.database,
        loaded.map(([, { moments }]) => moments[round] ?? {}),
      );
      await Promise.all(
        loaded.map(async ([name, { end }]) =>
          expect(await finish(name), `${name} from moment ${round} on`).toEqual(end),
        ),
      );
    }
  },
);
