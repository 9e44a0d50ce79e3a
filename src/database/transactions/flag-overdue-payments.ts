import type { Statement } from '../../shared/statement.ts';

// A provider that is asked every minute at most has had several chances by then.
const minutesUntilOverdue = 5;

/**
 * Puts orders on the list for a person whose hold is long over and whose payment is still unknown, because the provider does not
 * say; their stock stays held until it does. Takes them off again once they are decided.
 */
export async function flagOverduePayments(sql: Statement): Promise<void> {
  await sql(
    `insert into attention (kind, subject, order_id, reason)
     select 'payment_unknown', cast(order_id as text), order_id, 'payment_unknown'
     from orders where status = 'pending' and hold_expires_at < now() - :minutes * interval '1 minute'
     on conflict (kind, subject) where resolved_at is null do nothing`,
    { minutes: minutesUntilOverdue },
  );
  await sql(
    `update attention set resolved_at = now(), resolution = 'payment_decided'
     from orders where attention.order_id = orders.order_id and orders.status <> 'pending'
       and kind = 'payment_unknown' and resolved_at is null`,
  );
}
