import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import {
  answers,
  createFixture,
  type Fixture,
  orderOfEnds,
  processesOf,
  removeFixture,
  type Supervisor,
  startSupervisor,
} from './fixture.ts';

// One fixture whose processes die, one after another and all together. The shop always returns with its orders.

let fixture: Fixture;
let supervisor: Supervisor;
let ordersMade = 0;

beforeAll(async () => {
  fixture = await createFixture();
  supervisor = startSupervisor(fixture);
  await supervisor.open();
});

afterAll(async () => {
  process.kill(supervisor.pid, 'SIGTERM');
  await supervisor.ended();
  await removeFixture(fixture);
});

async function buy(): Promise<void> {
  ordersMade += 1;
  const response = await fetch(`${fixture.shopUrl}/checkout/k${ordersMade}`, { method: 'POST' });
  expect(response.status).toBe(200);
}

async function orderCount(): Promise<number> {
  const response = await fetch(`${fixture.shopUrl}/orders`);
  return ((await response.json()) as unknown[]).length;
}

async function startAgain(): Promise<void> {
  supervisor = startSupervisor(fixture);
  await supervisor.open();
}

test('a shop that is killed answers again', async () => {
  await buy();
  const before = await processesOf(fixture, supervisor);
  process.kill(before.shop, 'SIGKILL');
  await orderOfEnds({ shop: before.shop });
  await waitFor('the orders', orderCount, (count) => count === ordersMade);
  const after = await processesOf(fixture, supervisor);
  expect(after.shop).not.toBe(before.shop);
  expect(after.postgres).toBe(before.postgres);
  expect(supervisor.output()).toContain('shop-0 ended (SIGKILL), starting it again\n');
});

test('a payment service that is killed answers again', { tags: ['slow'] }, async () => {
  const { paymentService } = await processesOf(fixture, supervisor);
  process.kill(paymentService, 'SIGKILL');
  await orderOfEnds({ paymentService });
  await waitFor(
    'the payment service to answer',
    () => answers(`${fixture.paymentUrl}/healthz`),
    (ok) => ok,
  );
  await buy();
});

test('a Postgres that is killed is started again at its port', { tags: ['slow'] }, async () => {
  const { postgres } = await processesOf(fixture, supervisor);
  process.kill(postgres, 'SIGKILL');
  await waitFor(
    'another Postgres',
    () => processesOf(fixture, supervisor),
    (after) => after.postgres !== postgres,
  );
  await waitFor('the orders', orderCount, (count) => count === ordersMade);
  expect(supervisor.output()).toContain('Postgres ended, starting it again\n');
  expect(supervisor.output()).not.toContain('shop-0 ended (exit');
  await buy();
});

test('the children of a killed supervisor end, and the next supervisor takes over its Postgres', async () => {
  const { shop, paymentService, postgres } = await processesOf(fixture, supervisor);
  process.kill(supervisor.pid, 'SIGKILL');
  await supervisor.ended();
  await startAgain();
  await orderOfEnds({ shop, paymentService });
  expect(await processesOf(fixture, supervisor)).toMatchObject({ postgres });
  expect(supervisor.output()).not.toContain('is taken');
  expect(await orderCount()).toBe(ordersMade);
});

test('after everything was killed at once, and its process ids are in use again, the next start works', {
  tags: ['slow'],
}, async () => {
  const processes = await processesOf(fixture, supervisor);
  for (const pid of [supervisor.pid, ...Object.values(processes)]) process.kill(pid, 'SIGKILL');
  await orderOfEnds({ ...processes, supervisor: supervisor.pid });
  // This test's process then has the id in the lock file, and another start time.
  const lock = path.join(fixture.dataDir, 'supervisor.pid');
  const holder = JSON.parse(await readFile(lock, 'utf8')) as object;
  await writeFile(lock, JSON.stringify({ ...holder, pid: process.pid }));
  await startAgain();
  expect(await orderCount()).toBe(ordersMade);
  await buy();
});
