import type { Statement } from '../../shared/statement.ts';
import { applicationName, failuresSql } from '../workflow-ids.ts';

const listedPerRun = 100;

/**
 * Adds an attention item for each workflow that the engine gave up and that nothing has replaced, and resolves the items of the
 * others. Our workflows catch their own errors, so only a fault in the code or the schema leads here.
 */
export async function flagFailedWorkflows(sql: Statement): Promise<void> {
  await sql(
    `insert into attention (kind, subject, order_id, reason, detail)
     select 'workflow_failed', subject, order_id, 'engine_failed',
       jsonb_build_object('workflowId', workflow_uuid, 'name', name, 'step', (
         select function_name from dbos.operation_outputs as step
         where step.workflow_uuid = unsolved.workflow_uuid and error is not null order by function_id desc limit 1
       ))
     from (${unsolvedSql}) as unsolved
     where not exists (
       select from attention as dismissed
       where dismissed.kind = 'workflow_failed' and dismissed.subject = unsolved.subject
         and resolution = 'operator' and resolved_at >= failed_at
     )
     order by failed_at desc limit :listedPerRun
     on conflict (kind, subject) where resolved_at is null do nothing`,
    { applicationName, listedPerRun },
  );
  await sql(
    `update attention set resolved_at = now(), resolution = 'done'
     where kind = 'workflow_failed' and resolved_at is null
       and subject not in (select subject from (${unsolvedSql}) as unsolved)`,
    { applicationName },
  );
}

// A schedule is one subject, however many of its runs failed, and its next success solves it. Due work is started again under another
// id, or has an item of its own. A checkout without an order was never due.
const unsolvedSql = `
  select distinct on (coalesce(schedule_name, workflow_uuid))
    coalesce(schedule_name, workflow_uuid) as subject, workflow_uuid, name, due.order_id,
    to_timestamp(failed.updated_at / 1000.0) as failed_at
  from dbos.workflow_status as failed
  left join (due_work join ${failuresSql} using (workflow)) as due on workflow_id = workflow_uuid
  where status in ('ERROR', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') and application_name = :applicationName
    and case
      when schedule_name is not null then not exists (
        select from dbos.workflow_status as later
        where later.schedule_name = failed.schedule_name and later.status = 'SUCCESS' and later.created_at > failed.created_at
      )
      when due.workflow_id is not null then not exists (
        select from attention as own
        where own.kind = due.kind and own.subject = cast(due.id as text) and own.resolved_at is null
      )
      when name = 'checkout' then not exists (
        select from orders where checkout_key = substr(workflow_uuid, length('checkout-') + 1)
      )
      else name not in (select workflow from ${failuresSql})
    end
  order by coalesce(schedule_name, workflow_uuid), failed.created_at desc`;
