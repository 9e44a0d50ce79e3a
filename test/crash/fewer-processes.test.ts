// @module-tag slow
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { urlOfRunningPostgres } from '../../src/supervisor/postgres.ts';
import { openInspector } from '../support/inspector.ts';
import { makeDataDir, startAsNpmStartDoes } from '../support/npm-start.ts';
import { waitFor } from '../support/wait.ts';

let dataDir: string;

beforeAll(async () => {
  dataDir = await makeDataDir();
});

afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** How many workflows in flight belong to other processes than those of the first slot. */
async function countElsewhere(): Promise<number> {
  const database = openInspector(
    (await urlOfRunningPostgres(path.join(dataDir, 'postgres'), 'holdfast')) ?? '',
    1,
  );
  try {
    const elsewhere = await database('dbos.workflow_status')
      .where('status', 'PENDING')
      .whereNot('executor_id', 'like', 'shop-0~%')
      .count();
    return Number(elsewhere[0]?.['count']);
  } finally {
    await database.destroy();
  }
}

const keys = Array.from({ length: 12 }, (_, number) => `order-${number}`);

test('orders in flight of three processes go on when one is started after them', async () => {
  const settings = { DATA_DIR: dataDir, DISPATCH_SECONDS: '1' };
  const three = await startAsNpmStartDoes({ ...settings, WEB_CONCURRENCY: '3' });
  const checkout = (origin: string, key: string) => fetch(`${origin}/checkout/${key}`, { method: 'POST' });
  const before = await Promise.all(keys.map(async (key) => (await checkout(three.shopUrl, key)).text()));
  expect(await countElsewhere()).toBeGreaterThan(0);
  await three.stop();

  const one = await startAsNpmStartDoes({ ...settings, WEB_CONCURRENCY: '1' });
  try {
    // Before a payment arrives: reconciliation continues an order only once something of it is due.
    await waitFor('the first process to take over', countElsewhere, (count) => count === 0);
    const payments = await Promise.all(keys.map(async (key) => (await checkout(one.shopUrl, key)).text()));
    expect(payments).toEqual(before);
    for (const payment of payments) {
      const paid = await fetch(`${one.shopUrl}/payment_webhook/${payment}/paid`, { method: 'POST' });
      expect(paid.status).toBe(200);
    }
    await waitFor(
      'the dispatches',
      async () => (await (await fetch(`${one.shopUrl}/orders`)).json()) as { status: string }[],
      (orders) => orders.every(({ status }) => status === 'dispatched'),
    );
  } finally {
    await one.stop();
  }
});
