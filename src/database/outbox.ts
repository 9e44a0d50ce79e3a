import type { Statement } from '../shared/statement.ts';

/** The name under which DBOS keeps this application's workflows. Renaming it hides the orders in flight. */
export const applicationName = 'holdfast';

/** A kind of workflow that is about one thing: its argument, and the end of its id, is the number of that thing. */
export interface WorkflowKind {
  readonly name: string;
  readonly queue: string;
  /** Seconds from the commit that starts it to its first step. */
  readonly delaySeconds: number;
}

/** The workflows that a change of an order starts or wakes; app.ts supplies them, for rows know nothing of workflows. */
export interface FollowUps {
  /** About an order. */
  readonly dispatch: WorkflowKind;
  /** About a refund. */
  readonly refund: WorkflowKind;
  /** About an email. */
  readonly email: WorkflowKind;
  /** The workflow that waits for the payment of a checkout key. */
  checkoutId(checkoutKey: string): string;
  /** On this topic it listens. */
  readonly paymentTopic: string;
}

/**
 * Starts a workflow with the commit of the open transaction; a second start under the same id changes nothing.
 * @param restart tells one that is started once more from those before it
 */
export async function enqueueWorkflow(
  sql: Statement,
  kind: WorkflowKind,
  about: number,
  restart?: number,
): Promise<void> {
  await sql(`select ${enqueueCall('workflow', ':about', ':restart')}`, {
    ...kindBindings('workflow', kind),
    about,
    restart: restart ?? null,
  });
}

/**
 * The SQL that starts a workflow, for a statement that does more than that.
 * @param kind the first part of the names of the bindings that `kindBindings` gives
 * @param about SQL of the number of what it is about
 */
export function enqueueCall(kind: string, about: string, restart = 'null'): string {
  return `dbos.enqueue_workflow(
    workflow_name => :${kind}Name, queue_name => :${kind}Queue, application_name => '${applicationName}',
    workflow_id => concat_ws('-', cast(:${kind}Name as text), cast(${about} as bigint), cast(${restart} as integer)),
    positional_args => array[to_json(cast(${about} as bigint))],
    delay_until_epoch_ms => cast(extract(epoch from now()) * 1000 + :${kind}Delay as bigint)
  )`;
}

/** The bindings of one kind for `enqueueCall`. */
export function kindBindings(kind: string, { name, queue, delaySeconds }: WorkflowKind) {
  return { [`${kind}Name`]: name, [`${kind}Queue`]: queue, [`${kind}Delay`]: delaySeconds * 1000 };
}

/**
 * Sends a message to a workflow with the commit of the open transaction; once per message id. Messages only wake: one to a
 * workflow that is gone is not sent, and what it would have told stands in the rows.
 */
export async function sendMessage(
  sql: Statement,
  message: { workflowId: string; topic: string; messageId: string; body: object },
): Promise<void> {
  const { body, ...rest } = message;
  await sql(sendCall, { ...rest, message: JSON.stringify(body) });
}

const unheardForMs = 1_500;
// Longer than a workflow that waits goes without looking by itself.
const unheardAtMostMs = 1_200_000;
const wakeUpsAtOnce = 1_000;

/**
 * Repeats the wake-ups of messages that nobody has taken: they were sent while a process had lost its ear. One statement,
 * however many workflows wait.
 */
export async function repeatWakeUps(sql: Statement): Promise<void> {
  await sql(
    `select pg_notify('dbos_notifications_channel', destination_uuid || '::' || topic) from (
       select destination_uuid, topic
       from dbos.notifications join dbos.workflow_status on workflow_uuid = destination_uuid and status = 'PENDING'
       where not consumed and created_at_epoch_ms between extract(epoch from now()) * 1000 - :atMost
         and extract(epoch from now()) * 1000 - :unheardFor
       order by created_at_epoch_ms limit :wakeUpsAtOnce
     ) as unheard`,
    { atMost: unheardAtMostMs, unheardFor: unheardForMs, wakeUpsAtOnce },
  );
}

/** The SQL that sends a message, for a statement that does more than that. */
export const sendCall = `
  select dbos.send_message(workflow_uuid, cast(:message as json), :topic, concat(workflow_uuid, '::', cast(:messageId as text)))
  from dbos.workflow_status where workflow_uuid = :workflowId`;
