import { selectFaults } from './database/faults.ts';
import {
  type Completion,
  completeSession,
  expireOverdueSession,
  expireOverdueSessions,
  expireSession,
  lockDueSettlements,
  recordDecline,
  selectSession,
  settleSession,
} from './database/sessions.ts';
import type { Delivery } from './emission.ts';
import { paymentIntentObject } from './objects.ts';
import type { Decline, Session, Settlement } from './session.ts';
import type { Transaction } from './transaction.ts';

/** What a request to change a session came to; `changed` is false when the session was past it already. */
export interface Transition {
  readonly session: Session;
  readonly changed: boolean;
}

/** Reads a session as it is now, also by its payment intent: one past its time is ended first. */
export async function findSession(transaction: Transaction, id: string): Promise<Session | undefined> {
  const expired = await expireOverdueSession(transaction.sql, id);
  if (expired !== undefined) await transaction.emitSession('checkout.session.expired', expired);
  return expired ?? (await selectSession(transaction.sql, id));
}

/** Takes the money for an open session, once. Undefined: there is no such session. */
export function pay(
  transaction: Transaction,
  id: string,
  delivery: Delivery = {},
): Promise<Transition | undefined> {
  return complete(transaction, id, { from: 'open', payment: 'paid' }, delivery);
}

/** Takes the money for an expired session, which no provider should. Undefined: there is no such session. */
export function payLate(transaction: Transaction, id: string): Promise<Transition | undefined> {
  return complete(transaction, id, { from: 'expired', payment: 'paid' });
}

/** Completes an open session without money: its bank will say later, by itself when it has an outcome to say. */
export async function startSettlement(
  transaction: Transaction,
  id: string,
  outcome?: Settlement,
): Promise<Transition | undefined> {
  if (outcome === undefined) return complete(transaction, id, { from: 'open', payment: 'processing' });
  const { settings } = await selectFaults(transaction.sql);
  const settlement = { outcome, afterMilliseconds: settings.settle_ms };
  return complete(transaction, id, { from: 'open', payment: 'processing', settlement });
}

async function complete(
  transaction: Transaction,
  id: string,
  completion: Completion,
  delivery: Delivery = {},
): Promise<Transition | undefined> {
  const session = await completeSession(transaction.sql, id, completion);
  if (session === undefined) return unchanged(transaction, id);
  await transaction.emitSession('checkout.session.completed', session, delivery);
  return { session, changed: true };
}

/** The bank has paid, or has not. Undefined: there is no such session. */
export async function settle(
  transaction: Transaction,
  id: string,
  outcome: Settlement,
): Promise<Transition | undefined> {
  const session = await settleSession(transaction.sql, id, outcome);
  if (session === undefined) return unchanged(transaction, id);
  await transaction.emitSession(`checkout.session.async_payment_${outcome}`, session);
  return { session, changed: true };
}

/** Settles up to `limit` payments whose bank has something to say now, and says how many. */
export async function settleDue(transaction: Transaction, limit: number): Promise<number> {
  const due = await lockDueSettlements(transaction.sql, limit);
  for (const { id, outcome } of due) await settle(transaction, id, outcome);
  return due.length;
}

/** Ends an open session for good, so that nobody can pay it any more. Undefined: there is no such session. */
export async function expire(transaction: Transaction, id: string): Promise<Transition | undefined> {
  const session = await expireSession(transaction.sql, id);
  if (session === undefined) return unchanged(transaction, id);
  await transaction.emitSession('checkout.session.expired', session);
  return { session, changed: true };
}

/** Refuses a card: nothing is charged and the session stays open for another. */
export async function decline(
  transaction: Transaction,
  id: string,
  reason: Decline,
): Promise<Transition | undefined> {
  const session = await recordDecline(transaction.sql, id, reason);
  if (session === undefined) return unchanged(transaction, id);
  const intent = paymentIntentObject(session, undefined);
  await transaction.emitObject('payment_intent.payment_failed', session, intent);
  return { session, changed: true };
}

/** Ends up to `limit` sessions that are past their time and says how many. */
export async function expireOverdue(transaction: Transaction, limit: number): Promise<number> {
  const sessions = await expireOverdueSessions(transaction.sql, limit);
  for (const session of sessions) await transaction.emitSession('checkout.session.expired', session);
  return sessions.length;
}

async function unchanged(transaction: Transaction, id: string): Promise<Transition | undefined> {
  const session = await findSession(transaction, id);
  return session && { session, changed: false };
}
