import type { Statement } from './statement.ts';

/** The name under which DBOS keeps this application's workflows. Renaming it hides the orders in flight. */
export const applicationName = 'holdfast';

/** A workflow to be started; a second start under the same id changes nothing. */
export interface WorkflowStart {
  readonly name: string;
  readonly id: string;
  readonly queue: string;
  readonly argument: unknown;
  readonly delaySeconds: number;
}

/** The workflows that a change of an order starts or wakes; app.ts supplies them, for rows know nothing of workflows. */
export interface FollowUps {
  dispatch(orderId: number): WorkflowStart;
  refund(refundId: number): WorkflowStart;
  email(emailId: number): WorkflowStart;
  /** The workflow that waits for the payment of a checkout key. */
  checkoutId(checkoutKey: string): string;
  /** On this topic it listens. */
  readonly paymentTopic: string;
}

/** Starts a workflow with the commit of the open transaction. */
export async function enqueueWorkflow(sql: Statement, workflow: WorkflowStart): Promise<void> {
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

/**
 * Sends a message to a workflow with the commit of the open transaction; once per message id. Messages only wake: one to a
 * workflow that is gone is not sent, and what it would have told stands in the rows.
 */
export async function sendMessage(
  sql: Statement,
  message: { workflowId: string; topic: string; messageId: string; body?: unknown },
): Promise<void> {
  await sql(
    `select dbos.send_message(workflow_uuid, cast(:body as json), :topic, :messageId)
     from dbos.workflow_status where workflow_uuid = :workflowId`,
    {
      workflowId: message.workflowId,
      body: JSON.stringify(message.body ?? {}),
      topic: message.topic,
      messageId: `${message.workflowId}::${message.messageId}`,
    },
  );
}
