import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

// Longer than any pause between two steps of a workflow whose work is due.
const minutesUntilStalled = 20;
const workflowsPerRun = 100;

/** Lists pending workflows whose work has been due for long, and which have taken no step for as long. */
export async function listStalledWorkflows(database: Database): Promise<string[]> {
  const rows = await statementsOf(database)<{ workflowId: string }>(
    `select workflow_id from due_work join dbos.workflow_status on workflow_uuid = workflow_id
     where due_at < now() - :minutes * interval '1 minute' and status = 'PENDING' and not exists (
       select from dbos.operation_outputs where operation_outputs.workflow_uuid = workflow_id
         and completed_at_epoch_ms > (extract(epoch from now()) - :minutes * 60) * 1000
     )
     limit :limit`,
    { minutes: minutesUntilStalled, limit: workflowsPerRun },
  );
  return rows.map(({ workflowId }) => workflowId);
}
