import { applicationName } from '../../src/database/workflow-ids.ts';
import { removeFinishedWorkflows } from '../../src/workflows/housekeeping.ts';
import type { OpenShop } from './orders.ts';
import type { TestShop } from './shop.ts';
import { waitFor } from './wait.ts';

const dayMs = 86_400_000;

/** How many days workflows are kept in these tests. */
export const retentionDays = 3;

/** Runs the hourly housekeeping as of `daysFromNow`. */
export function removeFinished({ shopDatabase }: TestShop, daysFromNow = 0): Promise<number> {
  const now = Date.now() + daysFromNow * dayMs;
  return removeFinishedWorkflows(shopDatabase, { retentionDays, now });
}

/** Waits until no workflow is under way or waits for its turn. */
export async function everyWorkflowEnded(shop: OpenShop): Promise<void> {
  await waitFor(
    'every workflow to end',
    () => shop.database('dbos.workflow_status').whereNull('completed_at').select('workflow_uuid', 'status'),
    (unfinished) => unfinished.length === 0,
  );
}

/** A day passes, in which every workflow that has ended grows a day older. */
export async function letADayPass(shop: OpenShop): Promise<void> {
  await shop.database('dbos.workflow_status').whereNotNull('completed_at').decrement('completed_at', dayMs);
}

/** The rows of each table of the engine. */
export async function engineRows(shop: OpenShop): Promise<Record<string, number>> {
  const { rows: tables } = await shop.database.raw<{ rows: { name: string }[] }>(
    `select table_name as name from information_schema.tables where table_schema = 'dbos' order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    counts[name] = Number((await shop.database(`dbos.${name}`).count({ rows: '*' }).first())?.['rows']);
  }
  return counts;
}

/** A workflow that ended some days ago, or has not ended where `daysAgo` is null, with a row in each table that has one. */
export async function insertWorkflow(
  shop: OpenShop,
  id: string,
  workflow: {
    daysAgo: number | null;
    status?: string;
    parent?: string;
    schedule?: string;
    application?: string;
  },
): Promise<void> {
  const { daysAgo, status = daysAgo === null ? 'ENQUEUED' : 'SUCCESS' } = workflow;
  await shop.database('dbos.workflow_status').insert({
    workflow_uuid: id,
    name: 'no such workflow',
    status,
    completed_at: daysAgo === null ? null : Math.floor(Date.now() - daysAgo * dayMs),
    parent_workflow_id: workflow.parent ?? null,
    schedule_name: workflow.schedule ?? null,
    application_name: workflow.application ?? applicationName,
  });
  const owner = { workflow_uuid: id };
  await shop.database('dbos.workflow_input').insert({ ...owner, inputs: '{}' });
  await shop.database('dbos.workflow_output').insert({ ...owner, output: '{}' });
  await shop.database('dbos.operation_outputs').insert({ ...owner, function_id: 0, function_name: 'step' });
  await shop.database('dbos.workflow_events').insert({ ...owner, key: 'key', value: '1' });
  await shop
    .database('dbos.workflow_events_history')
    .insert({ ...owner, function_id: 0, key: 'key', value: '1' });
  await shop.database('dbos.streams').insert({ ...owner, key: 'key', value: '1', offset: 0 });
  await shop.database('dbos.notifications').insert({ destination_uuid: id, topic: 'topic', message: '{}' });
}

/** The ids with this prefix that remain in any table of the engine. */
export async function remaining(shop: OpenShop, prefix: string): Promise<string[]> {
  const { rows } = await shop.database.raw<{ rows: { id: string }[] }>(
    `select workflow_uuid as id from dbos.workflow_status union select workflow_uuid from dbos.workflow_input
     union select workflow_uuid from dbos.workflow_output union select workflow_uuid from dbos.operation_outputs
     union select workflow_uuid from dbos.workflow_events union select workflow_uuid from dbos.workflow_events_history
     union select workflow_uuid from dbos.streams union select destination_uuid from dbos.notifications order by 1`,
  );
  return rows.map(({ id }) => id).filter((id) => id.startsWith(prefix));
}
