import type { Statement } from '../../shared/statement.ts';
import { checkoutWorkflowIdSql, paymentTopic } from '../workflow-ids.ts';

// Each checkout asks the provider next, so a thousand holds that expire together are spread over seconds.
const holdsAtOnce = 500;

/** Notifies checkouts that their time to pay is over, each once. */
export async function notifyExpiredHolds(sql: Statement): Promise<void> {
  await sql(
    // Every process runs this once a second: one of them is enough.
    `with alone as materialized (select pg_try_advisory_xact_lock(hashtext('notify expired holds')) as is),
     due as (
       select workflow_uuid, workflow_uuid || '::hold-expired' as message
       from orders join dbos.workflow_status on workflow_uuid = ${checkoutWorkflowIdSql}
       where orders.status = 'pending' and hold_expires_at <= now() and not exists (
         select from dbos.notifications where message_uuid = ${checkoutWorkflowIdSql} || '::hold-expired'
       )
       order by hold_expires_at limit :holdsAtOnce
     )
     select dbos.send_message(workflow_uuid, '{"holdExpired":true}', '${paymentTopic}', message) from due, alone where alone.is`,
    { holdsAtOnce },
  );
}
