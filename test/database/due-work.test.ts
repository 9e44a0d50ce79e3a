import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import { enqueueWorkflow } from '../../src/database/outbox.ts';
import { checkoutWorkflowId, type WorkflowName, workflows } from '../../src/database/workflow-ids.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

// The view due_work names the workflow of all outstanding work, with the ids under which src/database/ starts workflows.

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, 2);
  await database.raw(outstandingWork);
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

// One of each kind, and beside it one that is done.
const outstandingWork = `
  insert into orders (checkout_key, request_hash, token, request_id, status, subtotal_cents, total_cents, currency,
    hold_expires_at, paid_at, dispatch_due_at, dispatched_at)
  select 'key-' || n, repeat('0', 64), 'a-token-that-nobody-guesses-' || n, 'request', status, 100, 100, 'USD',
    '2026-01-01 10:00Z', '2026-01-01 10:00Z', '2026-01-01 11:00Z', '2026-01-01 11:00Z'
  from (values (1, 'pending'), (2, 'pending'), (3, 'paid'), (4, 'paid'), (5, 'dispatched')) as placed (n, status);
  insert into payments (order_id, state, amount_cents, currency, transaction_id, refunded_cents, updated_at)
  select order_id, state, 100, 'USD', 'pi_' || order_id, refunded, '2026-01-01 09:00Z'
  from (values (1, 'creating', 0), (2, 'expired', 0), (3, 'settled', 0), (4, 'refund_due', 100), (5, 'settled', 0))
    as paid (order_id, state, refunded);
  insert into refunds (order_id, amount_cents, reason, note, actor, request_key, state, created_at, made_at) values
    (4, 90, 'operator', 'broken', 'operator', 'due', 'due', '2026-01-01 12:00Z', null),
    (4, 10, 'operator', 'broken', 'operator', 'made', 'made', '2026-01-01 12:00Z', now());
  insert into emails (order_id, kind, created_at, sent_at) values
    (3, 'order_confirmed', '2026-01-01 13:00Z', null), (5, 'order_confirmed', now(), now())`;

function dueWork(): Promise<unknown[]> {
  return statementsOf(database)(
    `select concat_ws(' ', workflow, id, 'of order', order_id) as work, workflow_id,
       to_char(due_at at time zone 'UTC', 'HH24:MI') as due
     from due_work order by workflow, id`,
  );
}

test('outstanding work is listed with its due time and the id of its first workflow', async () => {
  expect(await dueWork()).toEqual([
    { work: 'dispatch 3 of order 3', workflowId: 'dispatch-3', due: '11:00' },
    { work: 'email 1 of order 3', workflowId: 'email-1', due: '13:00' },
    { work: 'refund 1 of order 4', workflowId: 'refund-1', due: '12:00' },
    { work: 'resume-checkout 1 of order 1', workflowId: checkoutWorkflowId('key-1'), due: '10:00' },
    // Its payment is decided, so it does not wait for the end of the hold.
    { work: 'resume-checkout 2 of order 2', workflowId: checkoutWorkflowId('key-2'), due: '09:00' },
  ]);
});

test('the ids are those under which workflows are started, first and again', async () => {
  const sql = statementsOf(database);
  const first = await sql<{ workflow: WorkflowName; id: number; workflowId: string }>(
    'select * from due_work',
  );
  for (const { workflow, id } of first) await enqueueWorkflow(sql, workflow, id);
  await sql('insert into restarts (workflow, id, count) select workflow, id, 2 from due_work', {});
  const again = await sql<{ workflow: WorkflowName; id: number; workflowId: string }>(
    'select * from due_work',
  );
  for (const { workflow, id } of again) await enqueueWorkflow(sql, workflow, id, 2);
  const started = await sql<{ id: string }>('select workflow_uuid as id from dbos.workflow_status');
  const ids = [...first, ...again].map(({ workflowId }) => workflowId);
  const ofCheckouts = ids.filter((id) => id.startsWith('checkout-'));
  expect(started.map(({ id }) => id)).toEqual(
    expect.arrayContaining(ids.filter((id) => !ofCheckouts.includes(id))),
  );
  expect(new Set(again.map(({ workflow }) => workflow))).toEqual(new Set(Object.keys(workflows)));
});
