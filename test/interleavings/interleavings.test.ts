import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { dbRetryConfig } from '@dbos-inc/dbos-sdk/internal/utils';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../../src/database/audit.ts';
import { connect, type Database } from '../../src/database/connection.ts';
import { type EnginePool, openEnginePool } from '../../src/database/engine-pool.ts';
import { applicationName } from '../../src/database/workflow-ids.ts';
import { isTransient } from '../../src/shared/outage.ts';
import { statementsOn } from '../../src/shared/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { installBarrier, nextSchedule, type Runs, runRace, type Schedule, serially } from './race.ts';
import { type FixtureOrder, type InWorkflow, readRows, SavedStates } from './states.ts';
import { allPairs, type Means, type Pair, racingPairs } from './writers.ts';

// Two transactions at once give the result of one after the other, whatever the order of their statements. INTERLEAVINGS=all runs
// every pair of writers; otherwise those that race for money or stock, with fewer interleavings.

let testDatabase: TestDatabase;
let database: Database;
let enginePool: EnginePool;
let observer: Client;
let saved: SavedStates;
let order: FixtureOrder;
let removeBarrier: () => void;
const initialBackoffSec = dbRetryConfig.initialBackoffSec;

const stepsById = new Map<string, () => Promise<unknown>>();
let runSteps: (id: string) => Promise<unknown>;
const inWorkflow: InWorkflow = <Result>(step: () => Promise<Result>) => {
  const id = randomUUID();
  stepsById.set(id, step);
  return runSteps(id).finally(() => stepsById.delete(id)) as Promise<Result>;
};

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  observer = new Client(testDatabase.url);
  await observer.connect();
  await observer.query(`alter database ${testDatabase.name} set deadlock_timeout = '20ms'`);
  database = connect(testDatabase.url, 2);
  enginePool = openEnginePool(testDatabase.url, { poolSize: 4, waitAtMostMs: 30_000 });
  runSteps = DBOS.registerWorkflow((id: string) => stepsById.get(id)?.() ?? Promise.resolve(), {
    name: 'race',
  });
  DBOS.setConfig({
    name: applicationName,
    systemDatabaseUrl: testDatabase.url,
    systemDatabasePool: enginePool,
    executorID: 'test',
    enablePatching: true,
    runMigrations: false,
    listenQueues: [],
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  // The engine repeats a step after a deadlock.
  dbRetryConfig.initialBackoffSec = 0.001;
  await DBOS.launch();
  saved = new SavedStates(observer);
  order = await saved.make({ database, inWorkflow });
  removeBarrier = installBarrier();
});

afterAll(async () => {
  removeBarrier();
  dbRetryConfig.initialBackoffSec = initialBackoffSec;
  await DBOS.shutdown({ deregister: true });
  await enginePool.end();
  await database.destroy();
  await observer.end();
  await testDatabase.drop();
  console.info(`${pairs.length} pairs, ${counts.interleavings} interleavings, ${counts.retries} retries`);
});

function ignore(): void {
  // The engine's log.
}

// A turn also changes wherever a writer waits for a lock. Without a limit on choices there are 37,000 interleavings.
const { pairs, changesAtMost } =
  process.env['INTERLEAVINGS'] === 'all'
    ? { pairs: allPairs(), changesAtMost: 3 }
    : { pairs: racingPairs(), changesAtMost: 1 };
const audited = new Set<string>();
const counts = { interleavings: 0, retries: 0 };

function titleOf({ kinds: [one, two], state }: Pair): string {
  return `${state}: ${one.name} | ${two.name}`;
}

describe('two transactions at once have the result of one after the other', () => {
  test.each(pairs.map((pair) => [titleOf(pair), pair] as const))('%s', async (_title, pair) => {
    const first = await race(pair, serially.inOrder);
    const serial = [first.result, (await race(pair, serially.reversed)).result];
    const third = new Map<string, Schedule>();
    for (let schedule = nextSchedule(first.schedule, changesAtMost); schedule; ) {
      const run = await race(pair, schedule);
      if (!serial.includes(run.result) && !third.has(run.result)) third.set(run.result, run.schedule);
      schedule = nextSchedule(run.schedule, changesAtMost);
    }
    expect([...third].map(([result, schedule]) => [schedule.join(''), explain(result, serial)])).toEqual([]);
  });
});

/** Runs one interleaving. @returns its rows and outcomes as text, and its schedule */
async function race(
  { kinds, state }: Pair,
  schedule: Schedule,
): Promise<{ result: string; schedule: Schedule }> {
  counts.interleavings += 1;
  await saved.restore(state);
  const run =
    (name: Means['name'], { write }: Pair['kinds'][0]) =>
    () =>
      retried(() => write({ database, order, inWorkflow, name }));
  const runs: Runs = [run('one', kinds[0]), run('two', kinds[1])];
  const { outcomes, schedule: taken } = await runRace(observer, runs, schedule);
  for (const [index, { isRepeated }] of kinds.entries()) if (isRepeated) await runs[index]?.();
  const thrown = outcomes.filter((outcome) => String(outcome).startsWith('throws'));
  const result = JSON.stringify({ thrown, rows: await readRows(observer) }, null, 1);
  if (!audited.has(result)) {
    const { broken } = await audit(statementsOn(observer), { reconcileSeconds: 0, processes: false });
    if (broken.length > 0) throw new Error(`After ${taken.join('')}: ${JSON.stringify(broken)}`);
  }
  audited.add(result);
  return { result, schedule: taken };
}

/** Repeats a transaction that Postgres has ended because of the other one, as the shop's clients and loops do. */
async function retried(write: () => Promise<unknown>): Promise<unknown> {
  try {
    return await write();
  } catch (error) {
    if (!isTransient(error)) throw error;
    counts.retries += 1;
    return retried(write);
  }
}

/** The lines of a third result that neither serial result has. */
function explain(result: string, serial: readonly string[]): unknown {
  const lines = (text = '') => text.split('\n');
  return serial.map((other) => ({
    more: lines(result).filter((line) => !lines(other).includes(line)),
    less: lines(other).filter((line) => !lines(result).includes(line)),
  }));
}
