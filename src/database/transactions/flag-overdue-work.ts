import type { Statement } from '../../shared/statement.ts';
import { failuresSql } from '../workflow-ids.ts';

// The checkout asks the provider at least once a minute.
const minutesToDecide = 2;

/** The minutes after which due work is overdue, by its workflow. Usually it is done within seconds. */
const minutesSql = `(values ('dispatch', 1), ('refund', 5), ('email', 5)) as allowed (workflow, minutes)`;

/**
 * Adds an attention item for each order whose hold has expired and whose payment the provider does not report, for each
 * dispatch, refund and e-mail that is due for too long and has not failed, and for each order that an operator has not shipped in time.
 * Resolves the items of work that is done.
 */
export async function flagOverdueWork(sql: Statement): Promise<void> {
  await sql(
    `insert into attention (kind, subject, order_id, reason)
     select 'payment_unknown', cast(order_id as text), order_id, 'payment_unknown'
     from orders where status = 'pending' and hold_expires_at < now() - :minutes * interval '1 minute'
     on conflict (kind, subject) where resolved_at is null do nothing`,
    { minutes: minutesToDecide },
  );
  await sql(
    `update attention set resolved_at = now(), resolution = 'payment_decided'
     from orders where attention.order_id = orders.order_id and orders.status <> 'pending'
       and kind = 'payment_unknown' and resolved_at is null`,
  );
  await sql(`
    insert into attention (kind, subject, order_id, reason, detail)
    select 'overdue', subject, order_id, 'overdue', jsonb_build_object('work', workflow, 'since', due_at)
    from (${overdueSql}) as overdue
    where not exists (
      select from attention as dismissed
      where dismissed.kind = 'overdue' and dismissed.subject = overdue.subject and resolution = 'operator'
        and dismissed.resolved_at is not null
      ${eachByIndex}
    )
    on conflict (kind, subject) where resolved_at is null do nothing`);
  await sql(`
    update attention set resolved_at = now(), resolution = 'done'
    where kind = 'overdue' and resolved_at is null and subject not in (select subject from (${overdueSql}) as overdue)`);
}

// Postgres expects more due work than there ever is, and would read all items for one join. An offset keeps the subquery apart.
const eachByIndex = 'offset 0';

/** Work that is due for too long and has not failed: a failure has an item of its own. */
const overdueSql = `
  select workflow || ' ' || id as subject, workflow, order_id, due_at
  from due_work join ${minutesSql} using (workflow) join ${failuresSql} using (workflow)
  where due_at < now() - minutes * interval '1 minute' and not exists (
    select from attention as failed
    where failed.kind = failure.kind and failed.subject = cast(id as text) and failed.resolved_at is null
    ${eachByIndex}
  )
  union all
  select 'shipment ' || order_id, 'shipment', order_id, dispatch_due_at
  from orders join payments using (order_id)
  where status = 'paid' and state = 'settled' and fulfilment = 'manual' and dispatch_due_at < now()`;
