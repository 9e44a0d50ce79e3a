import {
  completeSession,
  expireOverdueSession,
  expireOverdueSessions,
  expireSession,
  recordDecline,
  selectSession,
} from './database/sessions.ts';
import type { Session } from './session.ts';
import type { Transaction } from './transaction.ts';

/** What a request to change a session came to; `changed` is false when the session was past it already. */
export interface Transition {
  readonly session: Session;
  readonly changed: boolean;
}

/** Reads a session as it is now: one past its time is ended first. */
export async function findSession(transaction: Transaction, id: string): Promise<Session | undefined> {
  const expired = await expireOverdueSession(transaction.sql, id);
  if (expired !== undefined) await transaction.emit('checkout.session.expired', expired);
  return expired ?? (await selectSession(transaction.sql, id));
}

/** Takes the money for an open session, once. Undefined: there is no such session. */
export async function pay(transaction: Transaction, id: string): Promise<Transition | undefined> {
  const session = await completeSession(transaction.sql, id);
  if (session === undefined) return unchanged(transaction, id);
  await transaction.emit('checkout.session.completed', session);
  return { session, changed: true };
}

/** Ends an open session for good, so that nobody can pay it any more. Undefined: there is no such session. */
export async function expire(transaction: Transaction, id: string): Promise<Transition | undefined> {
  const session = await expireSession(transaction.sql, id);
  if (session === undefined) return unchanged(transaction, id);
  await transaction.emit('checkout.session.expired', session);
  return { session, changed: true };
}

/** Refuses a card: nothing is charged and the session stays open for another. */
export async function decline(transaction: Transaction, id: string): Promise<Transition | undefined> {
  const session = await recordDecline(transaction.sql, id);
  return session === undefined ? unchanged(transaction, id) : { session, changed: true };
}

/** Ends up to `limit` sessions that are past their time and says how many. */
export async function expireOverdue(transaction: Transaction, limit: number): Promise<number> {
  const sessions = await expireOverdueSessions(transaction.sql, limit);
  for (const session of sessions) await transaction.emit('checkout.session.expired', session);
  return sessions.length;
}

async function unchanged(transaction: Transaction, id: string): Promise<Transition | undefined> {
  const session = await findSession(transaction, id);
  return session && { session, changed: false };
}
