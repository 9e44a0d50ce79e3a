import type { Statement } from '../../shared/statement.ts';
import { enqueueWorkflow } from '../outbox.ts';
import type { AttentionKind } from '../tables.ts';
import { failuresSql, type WorkflowName } from '../workflow-ids.ts';
import { raiseAttention } from './attention.ts';

/** Due work whose workflow is missing or ended badly. `id` is of the order, the refund or the email. */
interface MissingWorkflow {
  readonly workflow: WorkflowName;
  readonly id: number;
  readonly orderId: number;
  readonly kind: AttentionKind;
  readonly restarts: number;
}

const restartsAtMost = 5;
const workflowsPerRun = 100;
// A workflow gets this time to run by itself before it counts as missing.
const graceSeconds = 10;

const isActive = `workflow_status.status in ('PENDING', 'ENQUEUED', 'DELAYED')`;

/**
 * Starts workflows again whose work is due and which are missing or ended badly. Work with an open attention item is left to
 * the operator. Work that was restarted too often gets an item.
 * @returns how many were started again
 */
export async function restartMissingWorkflows(sql: Statement): Promise<number> {
  // Two runs at once would both find the same workflow missing.
  const [alone] = await sql<{ is: boolean }>(
    "select pg_try_advisory_xact_lock(hashtext('restart missing workflows')) as is",
  );
  if (!alone?.is) return 0;
  const missing = await sql<MissingWorkflow>(missingWorkflows, {
    grace: graceSeconds,
    limit: workflowsPerRun,
  });
  for (const { workflow, id, kind, orderId, restarts } of missing) {
    if (restarts < restartsAtMost) await restartWorkflow(sql, workflow, id);
    else {
      const reason = { code: 'restarted_too_often', failures: restartsAtMost + 1 } as const;
      await raiseAttention(sql, { kind, subject: String(id), orderId, reason });
    }
  }
  return missing.filter(({ restarts }) => restarts < restartsAtMost).length;
}

const missingWorkflows = `
  select workflow, id, order_id, kind, coalesce(count, 0) as restarts
  from due_work join ${failuresSql} using (workflow) left join restarts using (workflow, id)
  where due_at < now() - :grace * interval '1 second'
    and not exists (select from dbos.workflow_status where workflow_uuid = workflow_id and ${isActive})
    and not exists (
      select from attention
      where attention.kind = failure.kind and subject = cast(id as text) and resolved_at is null
    )
  order by due_at
  limit :limit`;

/** Starts a workflow under a fresh id, because one that ended badly stays ended under its own. */
export async function restartWorkflow(sql: Statement, workflow: WorkflowName, id: number): Promise<void> {
  const [restart] = await sql<{ count: number }>(
    `insert into restarts (workflow, id, count) values (:workflow, :id, 1)
     on conflict (workflow, id) do update set count = restarts.count + 1 returning count`,
    { workflow, id },
  );
  await enqueueWorkflow(sql, workflow, id, restart?.count);
}

/** Whether a workflow runs or waits to run for work that is still to be done. */
export async function isWorkflowActive(sql: Statement, workflow: WorkflowName, id: number): Promise<boolean> {
  const [active] = await sql(
    `select from due_work join dbos.workflow_status on workflow_uuid = workflow_id
     where workflow = :workflow and id = :id and ${isActive}`,
    { workflow, id },
  );
  return active !== undefined;
}
