// @module-tag slow
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'undici';
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

const ordersAtLeast = 6;
// By chance all of them reach the first process once in 10¹⁴ runs.
const ordersAtMost = 30;

/**
 * Places orders, each over a connection of its own, until some are in flight elsewhere: the kernel chooses the process of a connection.
 * @returns the payment of each key
 */
async function placeOrders(origin: string): Promise<Map<string, string>> {
  const payments = new Map<string, string>();
  await waitFor(
    'an order of another process than the first',
    async () => {
      const key = `order-${payments.size}`;
      if (payments.size < ordersAtMost) payments.set(key, await checkOut(origin, key));
      return { orders: payments.size, elsewhere: await countElsewhere() };
    },
    ({ orders, elsewhere }) => orders >= ordersAtLeast && elsewhere > 0,
  );
  return payments;
}

/** @returns the payment of the order of this key */
async function checkOut(origin: string, key: string): Promise<string> {
  const { statusCode, body } = await request(`${origin}/checkout/${key}`, { method: 'POST', reset: true });
  const payment = await body.text();
  expect([200, 201], payment).toContain(statusCode);
  return payment;
}

test('orders in flight of three processes go on when one is started after them', async () => {
  const settings = { DATA_DIR: dataDir, DISPATCH_SECONDS: '1' };
  const three = await startAsNpmStartDoes({ ...settings, WEB_CONCURRENCY: '3' });
  const before = await placeOrders(three.shopUrl);
  await three.stop();

  const one = await startAsNpmStartDoes({ ...settings, WEB_CONCURRENCY: '1' });
  try {
    // Before a payment arrives: reconciliation continues an order only once something of it is due.
    await waitFor('the first process to take over', countElsewhere, (count) => count === 0);
    for (const [key, payment] of before) {
      expect(await checkOut(one.shopUrl, key)).toBe(payment);
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
