import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { listFinishedTrees } from '../../src/database/queries/workflows.ts';
import { treesAtOnce } from '../../src/workflows/housekeeping.ts';
import { ask, attentionItems, placeOrder, type TestOrder } from '../support/orders.ts';
import { insertWorkflow, remaining, removeFinished, retentionDays } from '../support/retention.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Which workflows housekeeping removes, and what that costs (docs/OPERATING.md, "Retention").

const old = retentionDays + 0.01;
const young = retentionDays - 0.01;

let shop: TestShop;

beforeAll(async () => {
  const settings = { HOLD_SECONDS: '600', RECONCILE_SECONDS: '3600', RETENTION_DAYS: String(retentionDays) };
  shop = await startTestShop(settings);
  await DBOS.pauseSchedule('housekeeping');
  await shop.database.raw('create extension pg_stat_statements');
});

afterAll(() => shop.close());

test.each(['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'])(
  'one that ended as %s goes when it is old, with all its rows, and not before',
  async (status) => {
    await insertWorkflow(shop, `${status}-old`, { daysAgo: old, status });
    await insertWorkflow(shop, `${status}-young`, { daysAgo: young, status });
    await removeFinished(shop);
    expect(await remaining(shop, status)).toEqual([`${status}-young`]);
    await removeFinished(shop, 1);
    expect(await remaining(shop, status)).toEqual([]);
  },
);

test('one that has not ended stays, and one of another application', async () => {
  await insertWorkflow(shop, 'stays-unfinished', { daysAgo: null });
  await insertWorkflow(shop, 'stays-foreign', { daysAgo: old, application: 'another' });
  await removeFinished(shop);
  expect(await remaining(shop, 'stays')).toEqual(['stays-foreign', 'stays-unfinished']);
});

test.each([
  ['unfinished', null],
  ['young', young],
])('a tree stays whole while one grandchild is %s', async (name, daysAgo) => {
  await insertWorkflow(shop, `${name}-root`, { daysAgo: old });
  await insertWorkflow(shop, `${name}-child`, { daysAgo: old, parent: `${name}-root` });
  await insertWorkflow(shop, `${name}-grandchild-1`, { daysAgo: old, parent: `${name}-child` });
  await insertWorkflow(shop, `${name}-grandchild-2`, { daysAgo, parent: `${name}-child` });
  await removeFinished(shop);
  expect(await remaining(shop, name)).toHaveLength(4);

  const completed = Date.now() - old * 86_400_000;
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: `${name}-grandchild-2` })
    .update({ completed_at: Math.floor(completed) });
  await removeFinished(shop);
  expect(await remaining(shop, name)).toEqual([]);
});

test('a child whose parent is not there any more goes by itself', async () => {
  await insertWorkflow(shop, 'orphan', { daysAgo: old, parent: 'gone' });
  await removeFinished(shop);
  expect(await remaining(shop, 'orphan')).toEqual([]);
});

test('the runs of a schedule go after a day when they went well', async () => {
  await insertWorkflow(shop, 'run-yesterday', { daysAgo: 1.01, schedule: 'reconcile' });
  await insertWorkflow(shop, 'run-failed', { daysAgo: 1.01, schedule: 'reconcile', status: 'ERROR' });
  await insertWorkflow(shop, 'run-today', { daysAgo: 0.99, schedule: 'reconcile' });
  await removeFinished(shop);
  expect(await remaining(shop, 'run')).toEqual(['run-failed', 'run-today']);
});

test('an open attention item keeps its workflows until it is resolved', async () => {
  const order = await placeOrder(shop);
  const id = order.order_id;
  const kept = [`dispatch-${id}`, `dispatch-${id}-1`, `dispatch-${id}-2`, `resume-checkout-${id}`];
  for (const workflow of kept) await insertWorkflow(shop, workflow, { daysAgo: old, status: 'ERROR' });
  const others = [`dispatch-${id}0`, `refund-${id}`];
  for (const workflow of others) await insertWorkflow(shop, workflow, { daysAgo: old, status: 'ERROR' });
  await endCheckout(order);
  await shop.database('restarts').insert({ workflow: 'dispatch', id, count: 2 });
  for (const kind of ['dispatch_failed', 'checkout_failed']) {
    await shop.database('attention').insert({
      kind,
      subject: String(id),
      order_id: id,
      reason: 'workflow_failed',
      detail: { error: 'broken' },
    });
  }

  await removeFinished(shop);
  expect(await remaining(shop, 'dispatch')).toEqual(kept.slice(0, 3));
  expect(await remaining(shop, 'refund')).toEqual([]);
  expect(await remaining(shop, 'resume-checkout')).toEqual(kept.slice(3));
  expect(await remaining(shop, 'checkout')).toEqual([`checkout-${order.key}`]);

  for (const { attention_id: item } of await attentionItems(shop, order)) {
    await ask(`${shop.shopUrl}/attention/${item}/resolve`, { resolution: 'done by hand' });
  }
  expect(await attentionItems(shop, order)).toEqual([]);
  await removeFinished(shop);
  for (const prefix of ['dispatch', 'resume-checkout', 'checkout']) {
    expect(await remaining(shop, prefix)).toEqual([]);
  }
});

/** Has the checkout of an order end badly, long ago. */
async function endCheckout({ key }: TestOrder): Promise<void> {
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: `checkout-${key}` })
    .update({ status: 'ERROR', completed_at: Math.floor(Date.now() - old * 86_400_000) });
}

test('a failed run affects nothing else, and the next run does its work', async () => {
  await insertWorkflow(shop, 'hindered', { daysAgo: old });
  await shop.database.raw(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
    create trigger refuse before delete on dbos.workflow_status execute function refuse()`);
  expect(await housekeepingRun()).toMatchObject({ status: 'SUCCESS' });
  expect(await remaining(shop, 'hindered')).toEqual(['hindered']);
  await shop.database.raw('drop trigger refuse on dbos.workflow_status');
  expect(await housekeepingRun()).toMatchObject({ status: 'SUCCESS' });
  expect(await remaining(shop, 'hindered')).toEqual([]);
});

async function housekeepingRun(): Promise<unknown> {
  const { workflowID } = await DBOS.triggerSchedule('housekeeping');
  return waitFor(
    'the housekeeping',
    () => DBOS.getWorkflowStatus(workflowID),
    (run) => run?.status !== 'ENQUEUED' && run?.status !== 'PENDING',
  );
}

test('costs a few statements for each batch, however many there are in it', async () => {
  const trees = 2 * treesAtOnce + 1;
  await shop.database.raw(
    `insert into dbos.workflow_status (workflow_uuid, name, status, completed_at, application_name)
     select 'many-' || number, 'email', 'SUCCESS', 0, 'holdfast' from generate_series(1, :trees) as number`,
    { trees },
  );
  const before = await statements();
  expect(await removeFinished(shop)).toBe(trees);
  // For each of three batches one that lists and four that delete; and one that lists in vain, of each kind.
  expect((await statements()) - before).toBe(3 * (1 + 4) + 2);
});

test('finds them by an index, however many there are that stay', async () => {
  await shop.database.raw(
    `insert into dbos.workflow_status (workflow_uuid, name, status, completed_at, application_name, schedule_name)
     select 'history-' || number, 'email', 'SUCCESS', cast(:now as bigint) - mod(number, 200) * 1000000, 'holdfast',
       case when mod(number, 200) = 0 then 'reconcile' end
     from generate_series(1, 20000) as number`,
    { now: Date.now() },
  );
  await shop.database.raw('analyze dbos.workflow_status');
  const all = await planOf('any');
  expect(all).toContain('Index Scan using idx_workflow_status_completed_at on workflow_status root');
  const runs = await planOf('scheduled');
  expect(runs).toContain('Index Scan using idx_workflow_status_schedule_name on workflow_status root');
  for (const plan of [all, runs]) expect(plan).not.toMatch(/Seq Scan on workflow_status/);
});

/** The plan by which Postgres finds old workflows. */
async function planOf(kind: 'any' | 'scheduled'): Promise<string> {
  let plan = '';
  const explain = async (sql: string, bindings: Knex.ValueDict) => {
    const { rows } = await shop.database.raw<{ rows: object[] }>(`explain ${sql}`, bindings);
    plan = rows.map((row) => Object.values(row).join()).join('\n');
    return { rows: [] };
  };
  const explaining = {
    raw: (sql: string, bindings: Knex.ValueDict) => ({ options: () => explain(sql, bindings) }),
  };
  const before = Date.now() - (kind === 'any' ? retentionDays : 1) * 86_400_000;
  await listFinishedTrees(explaining as unknown as Database, { kind, before, limit: treesAtOnce });
  return plan;
}

async function statements(): Promise<number> {
  const { rows } = await shop.database.raw<{ rows: { calls: number }[] }>(
    `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database())
       and (query ilike 'delete from%' or query ilike '%recursive member%')`,
  );
  return rows[0]?.calls ?? 0;
}
