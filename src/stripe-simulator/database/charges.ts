import { newIdentifier } from '../identifier.ts';
import type { Charge, Dispute, NewRefund, Refund, RefundReason } from '../money.ts';
import type { Session } from '../session.ts';
import type { Statement } from './statement.ts';

interface ChargeRow {
  id: string;
  session_id: string;
  payment_intent: string;
  amount: string;
  amount_refunded: string;
  currency: string;
  disputed: boolean;
  intent_metadata: Record<string, string>;
  created_at: Date;
}

/** A row of `refundsSource`; `toRefund` reads it. */
export interface RefundRow {
  id: string;
  charge_id: string;
  payment_intent: string;
  amount: string;
  currency: string;
  reason: RefundReason | null;
  metadata: Record<string, string>;
  created_at: Date;
}

/** Refunds with what their charge and session say. */
export const refundsSource = `
  (select refunds.*, charges.currency, sessions.payment_intent
   from refunds join charges on charges.id = charge_id join sessions on sessions.id = session_id)`;

/** Ledger the charge of a paid session. */
export async function insertCharge(sql: Statement, session: Session): Promise<void> {
  await sql(
    `insert into charges (id, session_id, amount, currency) values (:chargeId, :id, :amountTotal, :currency)`,
    {
      chargeId: newIdentifier('ch'),
      id: session.id,
      amountTotal: session.amountTotal,
      currency: session.currency,
    },
  );
}

/** Reads a charge by its own identifier or by that of its session or payment intent. */
export async function selectCharge(sql: Statement, id: string): Promise<Charge | undefined> {
  const rows = await sql<ChargeRow>(
    `select charges.*, payment_intent, intent_metadata,
            exists (select from disputes where charge_id = charges.id) as disputed
     from charges join sessions on sessions.id = session_id
     where charges.id = :id or session_id = :id or payment_intent = :id`,
    { id },
  );
  return rows[0] && toCharge(rows[0]);
}

/** Reads a charge and keeps everybody else from changing it until the commit. */
export async function lockCharge(sql: Statement, id: string): Promise<Charge | undefined> {
  await sql(
    `select from charges join sessions on sessions.id = session_id
     where charges.id = :id or session_id = :id or payment_intent = :id for update of charges`,
    { id },
  );
  // Read again: what the lock waited for has changed it.
  return selectCharge(sql, id);
}

/** Ledger a refund of a locked charge; a constraint keeps it from going above the charge. */
export async function insertRefund(
  sql: Statement,
  charge: Charge,
  { amount, reason, metadata }: NewRefund & { readonly amount: number },
): Promise<Refund> {
  await sql('update charges set amount_refunded = amount_refunded + :amount where id = :id', {
    amount,
    id: charge.id,
  });
  const id = newIdentifier('re');
  await sql(
    `insert into refunds (id, charge_id, amount, reason, metadata)
     values (:id, :charge, :amount, :reason, :metadata)`,
    { id, charge: charge.id, amount, reason, metadata: JSON.stringify(metadata) },
  );
  const refund = await selectRefund(sql, id);
  if (refund === undefined) throw new Error('The refund vanished');
  return refund;
}

/** Reads one refund. */
export async function selectRefund(sql: Statement, id: string): Promise<Refund | undefined> {
  const rows = await sql<RefundRow>(`select * from ${refundsSource} as refunds where id = :id`, { id });
  return rows[0] && toRefund(rows[0]);
}

/** Ledger a dispute of the whole charge, once. Undefined: there was one already. */
export async function insertDispute(sql: Statement, charge: Charge): Promise<Dispute | undefined> {
  const rows = await sql<{ id: string; created_at: Date }>(
    `insert into disputes (id, charge_id, amount) values (:id, :charge, :amount)
     on conflict (charge_id) do nothing returning id, created_at`,
    { id: newIdentifier('dp'), charge: charge.id, amount: charge.amount },
  );
  return rows[0] && { id: rows[0].id, amount: charge.amount, createdAt: rows[0].created_at };
}

function toCharge(row: ChargeRow): Charge {
  return {
    id: row.id,
    sessionId: row.session_id,
    paymentIntent: row.payment_intent,
    amount: Number(row.amount),
    amountRefunded: Number(row.amount_refunded),
    currency: row.currency,
    disputed: row.disputed,
    metadata: row.intent_metadata,
    createdAt: row.created_at,
  };
}

/** Reads a row. */
export function toRefund(row: RefundRow): Refund {
  return {
    id: row.id,
    charge: row.charge_id,
    paymentIntent: row.payment_intent,
    amount: Number(row.amount),
    currency: row.currency,
    reason: row.reason,
    metadata: row.metadata,
    createdAt: row.created_at,
  };
}
