import type { Statement } from '../../shared/statement.ts';
import { enqueueWorkflow, type WorkflowKind } from '../outbox.ts';
import { type AttentionKind, type Restartable, restartables } from '../tables.ts';
import { raiseAttention, resolveAttention } from './attention.ts';
import { lockPayment } from './payments.ts';
import { recordRefundMade } from './refunds.ts';

/** The workflows that tell them; workflows/follow-ups.ts knows. */
export type RestartKinds = Readonly<Record<Restartable, WorkflowKind>>;

/** A story that ought to go on and whose workflow is missing or ended badly. `id` is of the order, the refund or the email. */
interface LostStory {
  readonly workflow: Restartable;
  readonly id: number;
  readonly kind: AttentionKind;
  readonly orderId: number;
  readonly restarts: number;
}

/** Restarts of one story before it is left to a person. */
const restartsAtMost = 5;
const storiesPerRun = 100;

// A story's own moment comes first; what is still missing this long after it is lost.
const graceSeconds = 10;

/**
 * Starts again what ought to go on by itself and does not, because its workflow is missing or ended badly. What is on the
 * list for a person is left to the person; what has been started again too often is put there.
 * @returns how many were started again
 */
export async function restartLostStories(sql: Statement, kinds: RestartKinds): Promise<number> {
  // Two runs at once would both find a story lost.
  const [alone] = await sql<{ is: boolean }>(
    "select pg_try_advisory_xact_lock(hashtext('restart lost stories')) as is",
  );
  if (!alone?.is) return 0;
  const lost = await sql<LostStory>(lostStories, { grace: graceSeconds, limit: storiesPerRun });
  for (const story of lost) {
    const { workflow, id, kind, orderId } = story;
    if (story.restarts < restartsAtMost) await startAgain(sql, kinds, workflow, id);
    else {
      const reason = `Its workflow ended badly ${restartsAtMost + 1} times.`;
      await raiseAttention(sql, { kind, subject: String(id), orderId, reason });
    }
  }
  return lost.filter(({ restarts }) => restarts < restartsAtMost).length;
}

/** Starts a story under a fresh workflow id: one that ended badly stays ended under its own. */
async function startAgain(
  sql: Statement,
  kinds: RestartKinds,
  workflow: Restartable,
  id: number,
): Promise<void> {
  const [restart] = await sql<{ count: number }>(
    `insert into restarts (workflow, id, count) values (:workflow, :id, 1)
     on conflict (workflow, id) do update set count = restarts.count + 1 returning count`,
    { workflow, id },
  );
  await enqueueWorkflow(sql, kinds[workflow], id, restart?.count);
}

const lostStories = `
  with due (workflow, id, kind, order_id, first_workflow_id) as (
    select 'resume-checkout', order_id, 'checkout_failed', order_id, 'checkout-' || checkout_key
    from orders join payments using (order_id)
    where status = 'pending'
      and (hold_expires_at < now() - :grace * interval '1 second' or state in ('paid', 'expired'))
    union all
    select 'dispatch', order_id, 'dispatch_failed', order_id, null
    from orders join payments using (order_id)
    where status = 'paid' and state = 'settled' and dispatch_due_at < now() - :grace * interval '1 second'
    union all
    select 'refund', refund_id, 'refund_failed', order_id, null
    from refunds where state = 'due' and created_at < now() - :grace * interval '1 second'
    union all
    select 'email', cast(email_id as integer), 'email_failed', order_id, null
    from emails where sent_at is null and created_at < now() - :grace * interval '1 second'
  )
  select workflow, id, kind, order_id, coalesce(count, 0) as restarts
  from due left join restarts using (workflow, id)
  where not exists (
      select 1 from dbos.workflow_status
      where workflow_uuid in (first_workflow_id, concat_ws('-', workflow, id, count))
        and workflow_status.status in ('PENDING', 'ENQUEUED', 'DELAYED')
    )
    and not exists (
      select 1 from attention
      where attention.kind = due.kind and subject = cast(due.id as text) and resolved_at is null
    )
  order by id
  limit :limit`;

const workflowOf: Partial<Record<AttentionKind, Restartable>> = restartables;

/**
 * Takes a matter off the list of what needs a person: its story is started again, or an operator says that it is settled.
 * @param resolution what the operator says; null to have the story tried again
 */
export async function settleMatter(
  sql: Statement,
  kinds: RestartKinds,
  matter: { attentionId: number; resolution: string | null },
): Promise<'done' | 'unknown' | 'not_restartable'> {
  const open = await lockMatter(sql, matter.attentionId);
  if (!open) return 'unknown';
  const workflow = workflowOf[open.kind];
  const id = Number(open.subject);
  if (matter.resolution === null) {
    if (!workflow) return 'not_restartable';
    if (!(await isUnderWay(sql, workflow, id))) await startAgain(sql, kinds, workflow, id);
  } else if (workflow && !(await isUnderWay(sql, workflow, id))) {
    await takeOver(sql, kinds, { ...open, id });
  }
  await resolveAttention(sql, { ...open, resolution: matter.resolution ?? 'tried again' });
  return 'done';
}

interface OpenMatter {
  readonly kind: AttentionKind;
  readonly subject: string;
  readonly orderId: number | null;
}

async function lockMatter(sql: Statement, attentionId: number): Promise<OpenMatter | undefined> {
  const select = `select kind, subject, order_id from attention
    where attention_id = :attentionId and resolved_at is null`;
  const [open] = await sql<OpenMatter>(select, { attentionId });
  // The order before what is said about it, as every transaction locks.
  if (open && open.orderId !== null) await lockPayment(sql, open.orderId);
  const [locked] = await sql<OpenMatter>(`${select} for update`, { attentionId });
  return locked;
}

async function isUnderWay(sql: Statement, workflow: Restartable, id: number): Promise<boolean> {
  const [underWay] = await sql(
    `select 1 from dbos.workflow_status
     where status in ('PENDING', 'ENQUEUED', 'DELAYED') and workflow_uuid = any(array(
       select concat_ws('-', cast(:workflow as text), cast(:id as integer), nullif(restart, 0)) from generate_series(
         0, coalesce((select count from restarts where workflow = :workflow and id = :id), 0)
       ) as restart
     ))
     limit 1`,
    { workflow, id },
  );
  return underWay !== undefined;
}

/** What an operator has settled by hand is not done once more: the refund counts as made, the email as not wanted. */
async function takeOver(
  sql: Statement,
  kinds: RestartKinds,
  { kind, id, orderId }: OpenMatter & { readonly id: number },
): Promise<void> {
  if (kind === 'refund_failed' && orderId !== null) {
    await recordRefundMade(sql, kinds, { orderId, refundId: id, providerRefundId: null });
  } else if (kind === 'email_failed') {
    await sql('update emails set sent_at = now() where email_id = :id and sent_at is null', { id });
  }
}
