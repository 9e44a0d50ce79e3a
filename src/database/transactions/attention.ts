import type { AttentionReason, AttentionResolution } from '../../domain/attention.ts';
import type { Statement } from '../../shared/statement.ts';
import type { AttentionKind } from '../tables.ts';

/** The subject of an attention item. */
export interface AttentionSubject {
  readonly kind: AttentionKind;
  /** Names its order, refund, email or session. */
  readonly subject: string;
  readonly orderId: number | null;
}

/** Adds an item to the attention list. The same item is listed once, with its newest reason and the number of times. */
export async function raiseAttention(
  sql: Statement,
  { reason, ...item }: AttentionSubject & { readonly reason: AttentionReason },
): Promise<void> {
  const { code, ...detail } = reason;
  await sql(
    `insert into attention (kind, subject, order_id, reason, detail)
     values (:kind, :subject, :orderId, :code, cast(:detail as jsonb))
     on conflict (kind, subject) where resolved_at is null
     do update set reason = excluded.reason, detail = excluded.detail, count = attention.count + 1,
       order_id = coalesce(attention.order_id, excluded.order_id)`,
    { ...item, code, detail: JSON.stringify(detail) },
  );
}

/**
 * Resolves an open item, if there is one. `note` has the operator's words, with the resolution `operator` only.
 * @returns whether there was one
 */
export async function resolveAttention(
  sql: Statement,
  item: {
    kind: AttentionKind;
    subject: string;
    resolution: AttentionResolution;
    note?: string | null;
  },
): Promise<boolean> {
  const resolved = await sql(
    `update attention set resolved_at = now(), resolution = :resolution, note = :note
     where kind = :kind and subject = :subject and resolved_at is null returning 1`,
    { ...item, note: item.note ?? null },
  );
  return resolved.length > 0;
}
