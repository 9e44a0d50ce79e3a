import type { UnknownPayment } from '../../domain/attention.ts';
import type { Statement } from '../../shared/statement.ts';

/**
 * Adds an attention item for a payment of an order that is unknown. A session is listed once, whatever became of its item.
 * @returns whether it was listed now
 */
export async function flagUnknownPayment(
  sql: Statement,
  { sessionId, orderId, amountCents, currency, transactionId, email }: UnknownPayment & { sessionId: string },
): Promise<boolean> {
  const detail: UnknownPayment = { orderId, amountCents, currency, transactionId, email };
  const [flagged] = await sql(
    `insert into attention (kind, subject, reason, detail)
     select 'unknown_payment', :sessionId, 'unknown_order', cast(:detail as jsonb)
     where not exists (
       select from attention where kind = 'unknown_payment' and subject = :sessionId and resolved_at is not null
     )
     on conflict (kind, subject) where resolved_at is null do nothing returning attention_id`,
    { sessionId, detail: JSON.stringify(detail) },
  );
  return flagged !== undefined;
}

/** Resolves the items of unknown payments whose session belongs to an order by now. */
export async function resolveKnownPayments(sql: Statement): Promise<void> {
  await sql(
    `update attention set resolved_at = now(), resolution = 'payment_decided'
     from payments where kind = 'unknown_payment' and resolved_at is null and session_id = subject`,
  );
}

/** Resolves the items of unknown payments that were refunded in full at the provider, by their charge. */
export async function resolveRefundedPayments(sql: Statement): Promise<void> {
  await sql(
    `update attention set resolved_at = now(), resolution = 'refund_made'
     from payment_events as refund where attention.kind = 'unknown_payment' and resolved_at is null
       and refund.kind = 'refunded' and refund.transaction_id = detail ->> 'transactionId'`,
  );
}
