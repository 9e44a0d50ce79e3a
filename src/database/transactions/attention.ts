import type { Statement } from '../../shared/statement.ts';
import type { AttentionKind } from '../tables.ts';

/**
 * Puts something on the list of what needs a person; the same matter stands there once, with its newest reason.
 * `subject` is what it is about: an event, a refund, an order.
 */
export async function raiseAttention(
  sql: Statement,
  matter: { kind: AttentionKind; subject: string; orderId: number | null; reason: string },
): Promise<void> {
  await sql(
    `insert into attention (kind, subject, order_id, reason) values (:kind, :subject, :orderId, :reason)
     on conflict (kind, subject) where resolved_at is null do update set reason = excluded.reason`,
    matter,
  );
}

/** Takes a matter off the list, if it stands there; `resolution` says how it came right. */
export async function resolveAttention(
  sql: Statement,
  matter: { kind: AttentionKind; subject: string; resolution: string },
): Promise<void> {
  await sql(
    `update attention set resolved_at = now(), resolution = :resolution
     where kind = :kind and subject = :subject and resolved_at is null`,
    matter,
  );
}
