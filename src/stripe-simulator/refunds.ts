import { insertDispute, insertRefund, lockCharge, selectCharge } from './database/charges.ts';
import { selectSession } from './database/sessions.ts';
import type { Charge, Dispute, NewRefund, Refund } from './money.ts';
import { chargeObject, disputeObject } from './objects.ts';
import type { Session } from './session.ts';
import type { Transaction } from './transaction.ts';

export type RefundResult =
  | { readonly outcome: 'refunded'; readonly refund: Refund }
  | { readonly outcome: 'unknown' | 'not_charged' }
  | { readonly outcome: 'already_refunded' | 'too_much'; readonly charge: Charge };

/** Gives money back, never more than was taken: the charge, found by its session or payment intent, is locked. */
export async function refund(transaction: Transaction, id: string, asked: NewRefund): Promise<RefundResult> {
  const { sql } = transaction;
  const charge = await lockCharge(sql, id);
  const session = await selectSession(sql, charge?.sessionId ?? id);
  if (session === undefined) return { outcome: 'unknown' };
  if (charge === undefined) return { outcome: 'not_charged' };
  const rest = charge.amount - charge.amountRefunded;
  const amount = asked.amount ?? rest;
  if (rest === 0) return { outcome: 'already_refunded', charge };
  if (amount > rest) return { outcome: 'too_much', charge };
  const booked = await insertRefund(sql, charge, { ...asked, amount });
  await emitCharge(transaction, session);
  return { outcome: 'refunded', refund: booked };
}

export type DisputeResult =
  | { readonly outcome: 'disputed'; readonly dispute: Dispute; readonly charge: Charge }
  | { readonly outcome: 'unknown' | 'not_charged' | 'already_disputed' };

/** The customer asks the bank for the money back, once. */
export async function dispute(transaction: Transaction, id: string): Promise<DisputeResult> {
  const { sql } = transaction;
  const session = await selectSession(sql, id);
  if (session === undefined) return { outcome: 'unknown' };
  const charge = await lockCharge(sql, session.id);
  if (charge === undefined) return { outcome: 'not_charged' };
  const booked = await insertDispute(sql, charge);
  if (booked === undefined) return { outcome: 'already_disputed' };
  await transaction.emitObject('charge.dispute.created', session, disputeObject(booked, charge));
  return { outcome: 'disputed', dispute: booked, charge };
}

/** Tells of the charge as it stands now, with all that went back of it. */
async function emitCharge(transaction: Transaction, session: Session): Promise<void> {
  const charge = await selectCharge(transaction.sql, session.id);
  if (charge !== undefined) await transaction.emitObject('charge.refunded', session, chargeObject(charge));
}
