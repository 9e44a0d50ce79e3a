import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

// Longer than any pause between two steps of a story that is due.
const minutesUntilStuck = 20;
const workflowsPerRun = 100;

/**
 * Workflows that are under way, whose order, refund or email has been due for long, and which have not taken a step for as
 * long.
 */
export async function listStuckWorkflows(database: Database): Promise<string[]> {
  const rows = await statementsOf(database)<{ id: string }>(
    `with due (workflow, id, first_workflow_id) as (
       select 'resume-checkout', order_id, 'checkout-' || checkout_key from orders
       where status = 'pending' and hold_expires_at < now() - :stuck * interval '1 minute'
       union all
       select 'dispatch', order_id, null from orders
       where status = 'paid' and dispatch_due_at < now() - :stuck * interval '1 minute'
       union all
       select 'refund', refund_id, null from refunds
       where state = 'due' and created_at < now() - :stuck * interval '1 minute'
       union all
       select 'email', cast(email_id as integer), null from emails
       where sent_at is null and created_at < now() - :stuck * interval '1 minute'
     )
     select workflow_uuid as id from due left join restarts using (workflow, id)
     join dbos.workflow_status on workflow_uuid in (first_workflow_id, concat_ws('-', workflow, id, count))
     where status = 'PENDING' and not exists (
       select 1 from dbos.operation_outputs where operation_outputs.workflow_uuid = workflow_status.workflow_uuid
         and completed_at_epoch_ms > (extract(epoch from now()) - :stuck * 60) * 1000
     )
     limit :limit`,
    { stuck: minutesUntilStuck, limit: workflowsPerRun },
  );
  return rows.map(({ id }) => id);
}
