import type { Statement } from '../../shared/statement.ts';

// The checkout asks the provider at least once a minute, so several attempts have failed by then.
const minutesUntilOverdue = 5;

/**
 * Adds an attention item for each order whose hold expired long ago and whose payment the provider does not report. Its stock stays
 * held until then. Resolves the item once the order is decided.
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
