import type { Statement } from '../shared/statement.ts';
import {
  applicationName,
  type PaymentMessage,
  paymentTopic,
  type WorkflowName,
  workflowIdSql,
  workflows,
} from './workflow-ids.ts';

/**
 * Starts a workflow with the commit of the open transaction. A second start under the same id changes nothing.
 * @param id number of its order, refund or email
 * @param restart how often it was started again
 */
export async function enqueueWorkflow(
  sql: Statement,
  workflow: WorkflowName,
  id: number,
  restart?: number,
): Promise<void> {
  await sql(`select ${enqueueCall(workflow, ':id', { restart: ':restart' })}`, {
    id,
    restart: restart ?? null,
  });
}

/**
 * The SQL that starts a workflow, as a part of a larger statement. All parameters but the first are SQL.
 * @param id number of its order, refund or email
 * @param options.dueAt time of its first step
 */
export function enqueueCall(
  workflow: WorkflowName,
  id: string,
  { restart = 'null', dueAt = 'now()' }: { readonly restart?: string; readonly dueAt?: string } = {},
): string {
  return `dbos.enqueue_workflow(
    workflow_name => '${workflow}', queue_name => '${workflows[workflow].queue}', application_name => '${applicationName}',
    workflow_id => ${workflowIdSql(`'${workflow}'`, id, restart)},
    positional_args => array[to_json(cast(${id} as bigint))],
    delay_until_epoch_ms => cast(extract(epoch from ${dueAt}) * 1000 as bigint)
  )`;
}

/**
 * Sends a message to a checkout with the commit of the open transaction, once per message id. Messages only wake: none is sent
 * to a workflow that is gone, because the rows contain the same information.
 */
export async function sendToCheckout(sql: Statement, message: CheckoutMessage): Promise<void> {
  await sql(sendCall, sendBindings(message));
}

/** A message to the workflow of a checkout. A second one with the same id is not sent. */
interface CheckoutMessage {
  /** `checkoutWorkflowId` of its key, or the id of the workflow that continues it. */
  readonly workflowId: string;
  readonly messageId: string;
  readonly message: PaymentMessage;
}

/** The SQL that sends a message to a checkout, as a part of a larger statement; `sendBindings` has its values. */
export const sendCall = `
  select dbos.send_message(
    workflow_uuid, cast(:message as json), '${paymentTopic}', concat(workflow_uuid, '::', cast(:messageId as text))
  )
  from dbos.workflow_status where workflow_uuid = :workflowId`;

/** The values of `sendCall`. */
export function sendBindings({ workflowId, messageId, message }: CheckoutMessage) {
  return { workflowId, messageId, message: JSON.stringify(message) };
}

const unreadForMs = 1_500;
// Longer than a waiting workflow goes without polling by itself.
const unreadAtMostMs = 1_200_000;
const messagesAtOnce = 1_000;

/**
 * Repeats the notifications of messages that no workflow has read: they were sent while a process had no LISTEN connection.
 * One statement, however many workflows wait.
 */
export async function renotifyUnreadMessages(sql: Statement): Promise<void> {
  await sql(
    `select pg_notify('dbos_notifications_channel', destination_uuid || '::' || topic) from (
       select destination_uuid, topic
       from dbos.notifications join dbos.workflow_status on workflow_uuid = destination_uuid and status = 'PENDING'
       where not consumed and created_at_epoch_ms between extract(epoch from now()) * 1000 - :atMost
         and extract(epoch from now()) * 1000 - :unreadFor
       order by created_at_epoch_ms limit :messagesAtOnce
     ) as unread`,
    { atMost: unreadAtMostMs, unreadFor: unreadForMs, messagesAtOnce },
  );
}
