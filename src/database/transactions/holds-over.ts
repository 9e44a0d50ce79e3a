import type { FollowUps } from '../outbox.ts';
import type { Statement } from '../statement.ts';

// Each of them asks the provider next, so a thousand holds that end together are spread over seconds.
const holdsAtOnce = 500;

/** Tells checkouts that their time to pay is over, each once. */
export async function tellHoldsOver(
  sql: Statement,
  { paymentTopic: topic }: Pick<FollowUps, 'paymentTopic'>,
): Promise<void> {
  await sql(
    `with due as (
       select 'checkout-' || checkout_key as checkout, 'checkout-' || checkout_key || '::hold-over' as message
       from orders where status = 'pending' and hold_expires_at <= now() and not exists (
         select from dbos.notifications where message_uuid = 'checkout-' || checkout_key || '::hold-over'
       )
       order by hold_expires_at limit :holdsAtOnce
     )
     select dbos.send_message(workflow_uuid, '{"holdOver":true}', :topic, message)
     from due join dbos.workflow_status on workflow_uuid = checkout`,
    { topic, holdsAtOnce },
  );
}
