// @module-tag slow
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  answers,
  createFixture,
  type Fixture,
  removeFixture,
  type Supervisor,
  startSupervisor,
} from '../supervisor/fixture.ts';
import { waitFor } from '../support/wait.ts';

// Runs alone, after all other tests, because it measures a duration. The machine may be slow, so it compares two
// durations of one run. The notes of a release state the figure itself.

const shareOfLoadingMax = 3;
const rounds = 3;
let fixture: Fixture;
let supervisor: Supervisor;

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

async function millisecondsFromCrashToAnswer(): Promise<number> {
  const crashedAt = Date.now();
  const crash = await fetch(`${fixture.shopUrl}/crash_application`, { method: 'POST' }).catch(
    () => undefined,
  );
  expect(crash).toBeUndefined();
  await waitFor(
    'the shop to answer',
    () => answers(`${fixture.shopUrl}/product`),
    (ok) => ok,
  );
  return Date.now() - crashedAt;
}

/** The time to load the modules of a shop process, which ends at once without its settings. */
async function millisecondsToLoad(): Promise<number> {
  const startedAt = Date.now();
  const loaded = promisify(execFile)(process.execPath, ['dist/main.js'], { env: {} });
  await expect(loaded).rejects.toThrow('DATABASE_URL: is missing');
  return Date.now() - startedAt;
}

test('after a crash the shop answers as soon as a process is loaded and connected, without a pause', async () => {
  const answering: number[] = [];
  const loading: number[] = [];
  // The fastest of each: the machine may have other work.
  for (let round = 0; round < rounds; round += 1) {
    answering.push(await millisecondsFromCrashToAnswer());
    loading.push(await millisecondsToLoad());
  }
  const share = Math.min(...answering) / Math.min(...loading);
  expect(share, `answers after ${answering.join(', ')} ms, loads in ${loading.join(', ')} ms`).toBeLessThan(
    shareOfLoadingMax,
  );
});
