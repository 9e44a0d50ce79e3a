import type { Statement } from './statement.ts';

/** The name under which DBOS keeps this application's workflows. Renaming it hides the orders in flight. */
export const applicationName = 'holdfast';

/** Starts a workflow with the commit of the open transaction; a second start under the same id changes nothing. */
export async function enqueueWorkflow(
  sql: Statement,
  workflow: { name: string; id: string; queue: string; argument: unknown; delaySeconds: number },
): Promise<void> {
  await sql(
    `select dbos.enqueue_workflow(
       workflow_name => :name, queue_name => :queue, workflow_id => :id, application_name => :application,
       positional_args => array[cast(:argument as json)],
       delay_until_epoch_ms => cast(extract(epoch from now()) * 1000 + :delay as bigint)
     )`,
    {
      name: workflow.name,
      queue: workflow.queue,
      id: workflow.id,
      application: applicationName,
      argument: JSON.stringify(workflow.argument),
      delay: workflow.delaySeconds * 1000,
    },
  );
}

/** Sends a message to a workflow with the commit of the open transaction; once per message id. */
export async function sendMessage(
  sql: Statement,
  message: { workflowId: string; topic: string; messageId: string },
): Promise<void> {
  await sql(`select dbos.send_message(:workflowId, cast('{}' as json), :topic, :messageId)`, {
    workflowId: message.workflowId,
    topic: message.topic,
    messageId: `${message.workflowId}::${message.messageId}`,
  });
}
