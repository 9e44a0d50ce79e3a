import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import {
  answers,
  createSite,
  orderOfEnds,
  processesOf,
  removeSite,
  type Site,
  type Supervisor,
  startSupervisor,
} from './site.ts';

// One site whose processes die, one after another and all together. The shop always returns with its orders.

let site: Site;
let supervisor: Supervisor;
let ordersMade = 0;

beforeAll(async () => {
  site = await createSite();
  supervisor = startSupervisor(site);
  await supervisor.open();
});

afterAll(async () => {
  process.kill(supervisor.pid, 'SIGTERM');
  await supervisor.ended();
  await removeSite(site);
});

async function buy(): Promise<void> {
  ordersMade += 1;
  const response = await fetch(`${site.shopUrl}/checkout/k${ordersMade}`, { method: 'POST' });
  expect(response.status).toBe(200);
}

async function orderCount(): Promise<number> {
  const response = await fetch(`${site.shopUrl}/orders`);
  return ((await response.json()) as unknown[]).length;
}

async function startAgain(): Promise<void> {
  supervisor = startSupervisor(site);
  await supervisor.open();
}

test('a shop that is killed answers again, as the same executor', async () => {
  await buy();
  const before = await processesOf(site, supervisor);
  process.kill(before.shop, 'SIGKILL');
  await orderOfEnds({ shop: before.shop });
  await waitFor('the orders', orderCount, (count) => count === ordersMade);
  const after = await processesOf(site, supervisor);
  expect(after.shop).not.toBe(before.shop);
  expect(after.postgres).toBe(before.postgres);
  expect(supervisor.output()).toContain('shop-0 ended (SIGKILL), starting it again\n');
});

test('a payment service that is killed answers again', async () => {
  const { paymentService } = await processesOf(site, supervisor);
  process.kill(paymentService, 'SIGKILL');
  await orderOfEnds({ paymentService });
  await waitFor(
    'the payment service to answer',
    () => answers(`${site.paymentUrl}/healthz`),
    (ok) => ok,
  );
  await buy();
});

test('a Postgres that is killed is started again at its port', async () => {
  const { postgres } = await processesOf(site, supervisor);
  process.kill(postgres, 'SIGKILL');
  await waitFor(
    'another Postgres',
    () => processesOf(site, supervisor),
    (after) => after.postgres !== postgres,
  );
  await waitFor('the orders', orderCount, (count) => count === ordersMade);
  expect(supervisor.output()).toContain('Postgres ended, starting it again\n');
  expect(supervisor.output()).not.toContain('shop-0 ended (exit');
  await buy();
});

test('the children of a killed supervisor end, and the next supervisor takes over its Postgres', async () => {
  const { shop, paymentService, postgres } = await processesOf(site, supervisor);
  process.kill(supervisor.pid, 'SIGKILL');
  await supervisor.ended();
  await startAgain();
  await orderOfEnds({ shop, paymentService });
  expect(await processesOf(site, supervisor)).toMatchObject({ postgres });
  expect(supervisor.output()).not.toContain('is taken');
  expect(await orderCount()).toBe(ordersMade);
});

test('after everything was killed at once, and its process ids are in use again, the next start works', async () => {
  const processes = await processesOf(site, supervisor);
  for (const pid of [supervisor.pid, ...Object.values(processes)]) process.kill(pid, 'SIGKILL');
  await orderOfEnds({ ...processes, supervisor: supervisor.pid });
  // This test's process then has the id in the lock file, and another start time.
  const lock = path.join(site.dataDir, 'supervisor.pid');
  const holder = JSON.parse(await readFile(lock, 'utf8')) as object;
  await writeFile(lock, JSON.stringify({ ...holder, pid: process.pid }));
  await startAgain();
  expect(await orderCount()).toBe(ordersMade);
  await buy();
});
