import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import {
  endExecutor,
  endSilentExecutors,
  endUnknownExecutors,
  giveBack,
  listClaims,
  renewExecutor,
  takeOver,
  workflowsAtOnce,
} from '../../src/database/transactions/executors.ts';
import { type Statement, statementsOf } from '../../src/shared/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const [me, other] = ['shop-0~00000000', 'shop-1~00000000'] as const;
let testDatabase: TestDatabase;
let database: Database;
let sql: Statement;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, 1);
  sql = statementsOf(database);
  for (const executorId of [me, other]) await renewExecutor(sql, { executorId, host: 'here', build: '1' });
});

afterEach(async () => {
  await database.destroy();
  await testDatabase.drop();
});

function silence(executorId: string, seconds: number): Promise<unknown> {
  return sql(
    `update executors set seen_at = now() - :seconds * interval '1 second' where executor_id = :executorId`,
    {
      executorId,
      seconds,
    },
  );
}

function living(): Promise<string[]> {
  return database('executors').whereNull('ended_at').orderBy('executor_id').pluck('executor_id');
}

/** Inserts workflows that a process has claimed and not finished. */
async function claim(executorId: string, count: number): Promise<void> {
  await sql(
    `insert into dbos.workflow_status
       (workflow_uuid, status, name, executor_id, application_name, owner_xid, created_at, updated_at)
     select 'checkout-' || cast(:executorId as text) || number, 'PENDING', 'checkout', :executorId, 'holdfast', 'xid', 0, 0
     from generate_series(1, :count) as number`,
    { executorId, count },
  );
}

function workflows(): Promise<
  { status: string; queueName: string | null; ownerXid: string | null; count: number }[]
> {
  return sql(
    `select status, queue_name, owner_xid, cast(count(*) as integer) as count from dbos.workflow_status
     group by 1, 2, 3 order by 1`,
  );
}

test('a process that was recorded without its host and build adds them with its next heartbeat', async () => {
  await claim('shop-2~00000000', 1);
  await endUnknownExecutors(sql);
  await renewExecutor(sql, { executorId: 'shop-2~00000000', host: 'there', build: '2' });
  const row = await database('executors')
    .where('executor_id', 'shop-2~00000000')
    .first('host', 'build', 'ended_at');
  expect(row).toEqual({ host: 'there', build: '2', endedAt: null });
});

test('a process that was silent for longer than seven seconds is declared dead, and lives again with its next heartbeat', async () => {
  await silence(other, 1);
  expect(await endSilentExecutors(sql, me)).toEqual([]);
  await silence(other, 8);
  await renewExecutor(sql, { executorId: me, host: 'here', build: '1' });
  expect(await endSilentExecutors(sql, me)).toEqual([other]);
  expect(await living()).toEqual([me]);
  await renewExecutor(sql, { executorId: other, host: 'here', build: '1' });
  expect(await living()).toEqual([me, other]);
});

test('an observer whose own row is old declares nobody dead', async () => {
  await silence(other, 60);
  await silence(me, 3);
  expect(await endSilentExecutors(sql, me)).toEqual([]);
  expect(await living()).toEqual([me, other]);
});

test('the pending workflows of an ended process go back to a queue in batches, those of a living one stay', async () => {
  await claim(other, workflowsAtOnce + 2);
  await claim(me, 3);
  expect(await takeOver(sql, me)).toBe(0);
  await endExecutor(sql, other);
  expect(await renewExecutor(sql, { executorId: me, host: 'here', build: '1' })).toMatchObject({
    someEnded: true,
  });
  expect(await takeOver(sql, me)).toBe(workflowsAtOnce);
  expect(await takeOver(sql, me)).toBe(2);
  expect(await workflows()).toEqual([
    { status: 'ENQUEUED', queueName: 'checkout', ownerXid: null, count: workflowsAtOnce + 2 },
    { status: 'PENDING', queueName: null, ownerXid: 'xid', count: 3 },
  ]);
  expect(
    await sql('select from_executor, by_executor, workflows from take_overs order by take_over_id'),
  ).toEqual([
    { fromExecutor: other, byExecutor: me, workflows: workflowsAtOnce },
    { fromExecutor: other, byExecutor: me, workflows: 2 },
  ]);
});

test('a claim that Postgres commits after the end of its process is taken over as well, and the row is removed later', async () => {
  await endExecutor(sql, other);
  expect(await takeOver(sql, me)).toBe(0);
  await claim(other, 1);
  expect(await takeOver(sql, me)).toBe(1);
  await sql(`update executors set ended_at = ended_at - interval '61 seconds'`);
  expect(await takeOver(sql, me)).toBe(0);
  expect(await renewExecutor(sql, { executorId: me, host: 'here', build: '1' })).toMatchObject({
    someEnded: false,
  });
});

test('workflows of a process without a row are taken over as well', async () => {
  await claim('of-an-older-version', 2);
  expect(await takeOver(sql, me)).toBe(0);
  await endUnknownExecutors(sql);
  expect(await takeOver(sql, me)).toBe(2);
});

test('claims of ten seconds ago are listed, newer ones not, and given back to their queue', async () => {
  await claim(me, 3);
  await sql(
    `update dbos.workflow_status set updated_at = cast(extract(epoch from now()) * 1000 as bigint)
     where workflow_uuid = 'checkout-' || cast(:me as text) || '3'`,
    { me },
  );
  const claims = await listClaims(sql, me);
  expect(claims).toHaveLength(2);
  await giveBack(sql, other, claims);
  expect(await listClaims(sql, me)).toHaveLength(2);
  await giveBack(sql, me, claims.slice(1));
  expect(await listClaims(sql, me)).toEqual(claims.slice(0, 1));
});
