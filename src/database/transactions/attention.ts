import type { Statement } from '../../shared/statement.ts';
import type { AttentionKind } from '../tables.ts';

/**
 * Adds an item to the attention list. The same item is listed once, with its newest reason. `subject` names its event,
 * refund, email or order.
 */
export async function raiseAttention(
  sql: Statement,
  item: { kind: AttentionKind; subject: string; orderId: number | null; reason: string },
): Promise<void> {
  await sql(
    `insert into attention (kind, subject, order_id, reason) values (:kind, :subject, :orderId, :reason)
     on conflict (kind, subject) where resolved_at is null do update set reason = excluded.reason`,
    item,
  );
}

/** Resolves an open item, if there is one; `resolution` is the reason. */
export async function resolveAttention(
  sql: Statement,
  item: { kind: AttentionKind; subject: string; resolution: string },
): Promise<void> {
  await sql(
    `update attention set resolved_at = now(), resolution = :resolution
     where kind = :kind and subject = :subject and resolved_at is null`,
    item,
  );
}
