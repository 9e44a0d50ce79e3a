import type { Statement } from '../shared/statement.ts';
import { isDivisible } from './currencies.ts';
import {
  type Charge,
  type Dispute,
  type NewRefund,
  newIdentifier,
  type Refund,
  type Session,
} from './model.ts';
import { chargeObject, disputeObject } from './objects.ts';
import { selectSession } from './sessions.ts';
import type { Transaction } from './transaction.ts';

/** Reads a charge by its own identifier or by that of its session or payment intent. */
export async function selectCharge(sql: Statement, id: string): Promise<Charge | undefined> {
  const [charge] = await sql<Charge>(
    `select charges.*, payment_intent, intent_metadata as metadata,
            exists (select from disputes where charge_id = charges.id) as disputed
     from charges join sessions on sessions.id = session_id
     where charges.id = :id or session_id = :id or payment_intent = :id`,
    { id },
  );
  return charge;
}

/** Reads a charge and prevents other changes of it until the commit. */
async function lockCharge(sql: Statement, id: string): Promise<Charge | undefined> {
  await sql(
    `select from charges join sessions on sessions.id = session_id
     where charges.id = :id or session_id = :id or payment_intent = :id for update of charges`,
    { id },
  );
  // Read after the lock: the transaction that held it may have changed the charge.
  return selectCharge(sql, id);
}

/** Refunds with the fields of their charge and session. */
export const refundsSource = `
  (select refunds.*, charges.currency, sessions.payment_intent
   from refunds join charges on charges.id = charge_id join sessions on sessions.id = session_id)`;

/** Reads one refund. */
export async function selectRefund(sql: Statement, id: string): Promise<Refund | undefined> {
  const [refund] = await sql<Refund>(`select * from ${refundsSource} as refunds where id = :id`, { id });
  return refund;
}

export type RefundResult =
  | { readonly outcome: 'refunded'; readonly refund: Refund }
  | { readonly outcome: 'unknown' | 'not_charged' }
  | { readonly outcome: 'already_refunded' | 'too_much' | 'indivisible'; readonly charge: Charge };

/** Refunds a charge, found by its session or payment intent, and never more than was charged. */
export async function refund(
  transaction: Transaction,
  id: string,
  request: NewRefund,
): Promise<RefundResult> {
  const { sql } = transaction;
  const charge = await lockCharge(sql, id);
  const session = await selectSession(sql, charge?.sessionId ?? id);
  if (session === undefined) return { outcome: 'unknown' };
  if (charge === undefined) return { outcome: 'not_charged' };
  const rest = charge.amount - charge.amountRefunded;
  const amount = request.amount ?? rest;
  if (rest === 0) return { outcome: 'already_refunded', charge };
  if (amount > rest) return { outcome: 'too_much', charge };
  if (amount < rest && !isDivisible(amount, charge.currency)) return { outcome: 'indivisible', charge };
  return {
    outcome: 'refunded',
    refund: await insertRefund(transaction, session, charge, { ...request, amount }),
  };
}

async function insertRefund(
  transaction: Transaction,
  session: Session,
  charge: Charge,
  { amount, reason, metadata }: NewRefund & { readonly amount: number },
): Promise<Refund> {
  const [row] = await transaction.sql<Refund>(
    `with charged as (update charges set amount_refunded = amount_refunded + :amount where id = :charge)
     insert into refunds (id, charge_id, amount, reason, metadata)
     values (:id, :charge, :amount, :reason, :metadata) returning *`,
    { id: newIdentifier('re'), charge: charge.id, amount, reason, metadata: JSON.stringify(metadata) },
  );
  if (row === undefined) throw new Error('The insert returned no row');
  const refunded = { ...charge, amountRefunded: charge.amountRefunded + amount };
  await transaction.emit('charge.refunded', session, { object: chargeObject(refunded) });
  return { ...row, currency: charge.currency, paymentIntent: charge.paymentIntent };
}

export type DisputeResult =
  | { readonly outcome: 'disputed'; readonly dispute: Dispute; readonly charge: Charge }
  | { readonly outcome: 'unknown' | 'not_charged' | 'already_disputed' };

/** Disputes the charge of a session once. */
export async function dispute(transaction: Transaction, id: string): Promise<DisputeResult> {
  const { sql } = transaction;
  const session = await selectSession(sql, id);
  if (session === undefined) return { outcome: 'unknown' };
  const charge = await lockCharge(sql, session.id);
  if (charge === undefined) return { outcome: 'not_charged' };
  const [row] = await sql<Dispute>(
    `insert into disputes (id, charge_id, amount) values (:id, :charge, :amount)
     on conflict (charge_id) do nothing returning *`,
    { id: newIdentifier('dp'), charge: charge.id, amount: charge.amount },
  );
  if (row === undefined) return { outcome: 'already_disputed' };
  await transaction.emit('charge.dispute.created', session, { object: disputeObject(row, charge) });
  return { outcome: 'disputed', dispute: row, charge };
}
