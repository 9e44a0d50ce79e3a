import { DBOS } from '@dbos-inc/dbos-sdk';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { limitTimeBetweenRetries, transaction } from '../../src/database/transaction.ts';
import { applicationName } from '../../src/database/workflow-ids.ts';
import type { Statement } from '../../src/shared/statement.ts';
import { openInspector } from '../support/inspector.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

// The contract that transaction.ts rests on: an internal of the engine, so each promise is held here.

let testDatabase: TestDatabase;
let database: Database;
/** The step's effect besides writing its row; each test sets its own. */
let inStep: (sql: Statement) => Promise<void> = () => Promise.resolve();
let afterSteps: () => Promise<void> = () => Promise.resolve();
let calls = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openInspector(testDatabase.url, 4);
  await database.raw('create table marks (mark_id integer generated always as identity, name text)');
  limitTimeBetweenRetries();
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

const mark = transaction('mark', async (sql, name: string) => {
  calls += 1;
  await sql('insert into marks (name) values (:name)', { name });
  await inStep(sql);
  return { name, call: calls };
});

let markTimes: (name: string, times: number) => Promise<unknown[]>;

async function launch(): Promise<void> {
  markTimes = DBOS.registerWorkflow(
    async (name: string, times: number) => {
      const results: unknown[] = [];
      for (let time = 0; time < times; time += 1) results.push(await mark(name));
      await afterSteps();
      return results;
    },
    { name: 'markTimes' },
  );
  DBOS.setConfig({
    name: applicationName,
    systemDatabaseUrl: testDatabase.url,
    executorID: 'test',
    enablePatching: true,
    runMigrations: false,
    logger: { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() },
  });
  await DBOS.launch();
}

async function end(): Promise<void> {
  await DBOS.shutdown({ deregister: true });
}

beforeEach(async () => {
  calls = 0;
  inStep = () => Promise.resolve();
  afterSteps = () => Promise.resolve();
  await launch();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await end();
});

function marksOf(name: string): Promise<unknown[]> {
  return database('marks').where({ name });
}

test('a step is one commit, its writes and its record together', async () => {
  const handle = await DBOS.startWorkflow(markTimes, { workflowID: 'commits' })('commits', 3);
  await handle.getResult();
  // The transaction that wrote a row.
  const writer = database.raw<string>('cast(xmin as text)');
  const writes = await database('marks').where({ name: 'commits' }).orderBy('mark_id').select({ writer });
  const records = await database('dbos.operation_outputs')
    .where({ workflow_uuid: 'commits', function_name: 'mark' })
    .orderBy('function_id')
    .select({ writer });
  expect(records).toEqual(writes);
  expect(new Set(writes.map((row) => row.writer)).size).toBe(3);
});

test('a replay returns the recorded value and does not run the step again', async () => {
  let reached = (): void => undefined;
  const blocked = new Promise<void>((resolve) => (reached = resolve));
  afterSteps = () => {
    reached();
    return new Promise(() => undefined);
  };
  await DBOS.startWorkflow(markTimes, { workflowID: 'replayed' })('replay', 1);
  await blocked;
  await end();

  afterSteps = () => Promise.resolve();
  await launch();
  await expect(DBOS.retrieveWorkflow('replayed').getResult()).resolves.toEqual([{ name: 'replay', call: 1 }]);
  expect(calls).toBe(1);
  expect(await marksOf('replay')).toHaveLength(1);
});

test('a commit whose answer was lost is not done again', async () => {
  let lost = false;
  interceptQueries(async (text, run) => {
    const result = await run();
    if (text === 'COMMIT' && calls === 1 && !lost) {
      lost = true;
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    }
    return result;
  });
  await expect(markTimes('lost answer', 1)).resolves.toEqual([{ name: 'lost answer', call: 1 }]);
  expect(lost).toBe(true);
  expect(calls).toBe(1);
  expect(await marksOf('lost answer')).toHaveLength(1);
});

test('a connection that breaks in the middle is retried, and never an outcome', async () => {
  inStep = async () => {
    if (calls === 1) {
      await database.raw(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
      );
    }
  };
  await expect(markTimes('broken', 1)).resolves.toEqual([{ name: 'broken', call: 2 }]);
  expect(await marksOf('broken')).toHaveLength(1);
});

test('a statement that ran out of time is tried again, and never an outcome', async () => {
  inStep = async (sql) => {
    if (calls > 1) return;
    await sql("set local statement_timeout = '10ms'");
    await sql('select pg_sleep(5)');
  };
  await expect(markTimes('slow', 1)).resolves.toEqual([{ name: 'slow', call: 2 }]);
  expect(await marksOf('slow')).toHaveLength(1);
});

test('a process whose workflow was taken over cannot commit', async () => {
  let rolledBack = (): void => undefined;
  const refused = new Promise<void>((resolve) => (rolledBack = resolve));
  interceptQueries(async (text, run) => {
    const result = await run();
    if (text === 'ROLLBACK') rolledBack();
    return result;
  });
  inStep = async () => {
    await database.raw(
      `update dbos.workflow_status set owner_xid = 'another' where workflow_uuid = 'taken-over'`,
    );
  };
  await DBOS.startWorkflow(markTimes, { workflowID: 'taken-over' })('stale', 1);
  await refused;
  expect(await marksOf('stale')).toHaveLength(0);
});

test('a step inside the step is refused, since a replay would not count it', async () => {
  inStep = () => DBOS.runStep(() => Promise.resolve());
  await expect(markTimes('nested', 1)).rejects.toThrow(/transaction/);
  expect(await marksOf('nested')).toHaveLength(0);
});

test('outside a workflow there is no step', () => {
  expect(() => mark('outside')).toThrow('inside a workflow only');
});

type Query = (this: Client, ...args: unknown[]) => Promise<unknown>;

/** Lets a test intercept the engine's statements whose answer is awaited. */
function interceptQueries(around: (text: string, run: () => Promise<unknown>) => Promise<unknown>): void {
  const original = Client.prototype.query as unknown as Query;
  vi.spyOn(Client.prototype, 'query').mockImplementation(function intercepted(
    this: Client,
    ...args: unknown[]
  ) {
    const [text] = args;
    const run = () => original.apply(this, args);
    return (typeof text === 'string' && args.length === 1 ? around(text, run) : run()) as never;
  });
}
