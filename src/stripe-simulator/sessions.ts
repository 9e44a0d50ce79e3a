import type { Bindings, Statement } from '../shared/statement.ts';
import { selectFaults } from './database/faults.ts';
import { type Decline, type NewSession, newIdentifier, type Session, type Settlement } from './model.ts';
import { paymentIntentObject } from './objects.ts';
import type { Delivery, EventType, Transaction } from './transaction.ts';

/** Result of a request to change a session. `changed` is false when its status no longer allowed the change. */
export interface Transition {
  readonly session: Session;
  readonly changed: boolean;
}

/** Stores a new open session. */
export async function insertSession(sql: Statement, session: NewSession): Promise<Session> {
  const [row] = await sql<Session>(
    `insert into sessions (id, currency, amount_total, amount_discount, coupon, line_items, client_reference_id, customer_email, metadata,
                           intent_metadata, shipping, success_url, cancel_url, expires_at)
     values (:id, :currency, :amountTotal, :amountDiscount, :coupon, :lineItems, :clientReferenceId, :customerEmail, :metadata,
             :intentMetadata, :shipping, :successUrl, :cancelUrl, :expiresAt)
     returning *`,
    {
      ...session,
      id: newIdentifier('cs_test'),
      lineItems: JSON.stringify(session.lineItems),
      metadata: JSON.stringify(session.metadata),
      intentMetadata: JSON.stringify(session.intentMetadata),
      shipping: session.shipping && JSON.stringify(session.shipping),
    },
  );
  if (row === undefined) throw new Error('The insert returned no row');
  return row;
}

/** Reads a session by its own identifier or that of its payment intent. An overdue one may still be open. */
export async function selectSession(sql: Statement, id: string): Promise<Session | undefined> {
  const [row] = await sql<Session>('select * from sessions where id = :id or payment_intent = :id', { id });
  return row;
}

/** Reads the newest sessions. */
export function selectNewestSessions(sql: Statement, limit: number): Promise<Session[]> {
  return sql<Session>('select * from sessions order by position desc limit :limit', { limit });
}

/** Reads a session like `selectSession`, and expires it first when it is overdue. */
export async function findSession(transaction: Transaction, id: string): Promise<Session | undefined> {
  const [expired] = await transaction.sql<Session>(
    `update sessions set status = 'expired'
     where (id = :id or payment_intent = :id) and status = 'open' and expires_at <= now() returning *`,
    { id },
  );
  if (expired === undefined) return selectSession(transaction.sql, id);
  await transaction.emit('checkout.session.expired', expired);
  return expired;
}

/** Takes the money for an open session, once. Undefined when there is no such session. */
export function pay(
  transaction: Transaction,
  id: string,
  delivery?: Delivery,
): Promise<Transition | undefined> {
  return complete(transaction, id, { from: 'open', payment: 'paid', delivery });
}

/** Takes the money for an expired session, which a provider never should. Undefined when there is no such session. */
export function payLate(transaction: Transaction, id: string): Promise<Transition | undefined> {
  return complete(transaction, id, { from: 'expired', payment: 'paid' });
}

/**
 * Completes an open session without money. With an outcome, the bank answers by itself after the time of the settings; without
 * one, `settle` does. Undefined when there is no such session.
 */
export function startSettlement(
  transaction: Transaction,
  id: string,
  outcome?: Settlement,
): Promise<Transition | undefined> {
  return complete(transaction, id, { from: 'open', payment: 'processing', outcome });
}

interface Completion {
  readonly from: 'open' | 'expired';
  readonly payment: 'paid' | 'processing';
  readonly outcome?: Settlement | undefined;
  readonly delivery?: Delivery | undefined;
}

async function complete(
  transaction: Transaction,
  id: string,
  { from, payment, outcome, delivery }: Completion,
): Promise<Transition | undefined> {
  const milliseconds = outcome && (await selectFaults(transaction.sql)).settings.settle_ms;
  return change(transaction, id, {
    update: `status = 'complete', payment = :payment, last_decline = null, settles_with = :outcome,
             settles_at = now() + make_interval(secs => cast(:milliseconds as float8) / 1000),
             payment_intent = coalesce(payment_intent, :intent)
             where id = :id and status = :from and (status = 'expired' or expires_at > now())`,
    bindings: {
      from,
      payment,
      outcome: outcome ?? null,
      milliseconds: milliseconds ?? null,
      intent: newIdentifier('pi'),
    },
    event: 'checkout.session.completed',
    delivery,
  });
}

/** Records the bank's answer to a payment that is processing. Undefined when there is no such session. */
export function settle(
  transaction: Transaction,
  id: string,
  outcome: Settlement,
): Promise<Transition | undefined> {
  return change(transaction, id, {
    update: `payment = :payment, settles_at = null, settles_with = null
             where id = :id and payment = 'processing'`,
    bindings: { payment: outcome === 'succeeded' ? 'paid' : 'failed' },
    event: `checkout.session.async_payment_${outcome}`,
  });
}

/** Expires an open session. It can never be paid then. Undefined when there is no such session. */
export function expire(transaction: Transaction, id: string): Promise<Transition | undefined> {
  return change(transaction, id, {
    update: `status = 'expired' where id = :id and status = 'open'`,
    event: 'checkout.session.expired',
  });
}

/** Declines a card. Nothing is charged, and the session stays open for another. Undefined when there is no such session. */
export function decline(
  transaction: Transaction,
  id: string,
  reason: Decline,
): Promise<Transition | undefined> {
  return change(transaction, id, {
    update: `last_decline = :reason, payment_intent = coalesce(payment_intent, :intent)
             where id = :id and status = 'open' and expires_at > now()`,
    bindings: { reason, intent: newIdentifier('pi') },
    event: 'payment_intent.payment_failed',
  });
}

interface Change {
  /** The assignments and the condition of the update. */
  readonly update: string;
  readonly bindings?: Bindings;
  readonly event: EventType;
  readonly delivery?: Delivery | undefined;
}

async function change(
  transaction: Transaction,
  id: string,
  { update, bindings, event, delivery }: Change,
): Promise<Transition | undefined> {
  const [session] = await transaction.sql<Session>(`update sessions set ${update} returning *`, {
    ...bindings,
    id,
  });
  if (session === undefined) {
    const present = await findSession(transaction, id);
    return present && { session: present, changed: false };
  }
  if (session.payment === 'paid') await insertCharge(transaction.sql, session);
  const object =
    event === 'payment_intent.payment_failed' ? paymentIntentObject(session, undefined) : undefined;
  await transaction.emit(event, session, { object, delivery });
  return { session, changed: true };
}

async function insertCharge(sql: Statement, { id, amountTotal, currency }: Session): Promise<void> {
  await sql(
    'insert into charges (id, session_id, amount, currency) values (:chargeId, :id, :amountTotal, :currency)',
    { chargeId: newIdentifier('ch'), id, amountTotal, currency },
  );
}

/** Expires up to `limit` overdue sessions and returns their number. */
export async function expireOverdue(transaction: Transaction, limit: number): Promise<number> {
  const overdue = await transaction.sql<{ id: string }>(
    `select id from sessions where status = 'open' and expires_at <= now()
     order by expires_at limit :limit for update skip locked`,
    { limit },
  );
  for (const { id } of overdue) await expire(transaction, id);
  return overdue.length;
}

/** Settles up to `limit` payments whose bank answers now and returns their number. */
export async function settleDue(transaction: Transaction, limit: number): Promise<number> {
  const due = await transaction.sql<{ id: string; outcome: Settlement }>(
    `select id, settles_with as outcome from sessions where settles_at <= now()
     order by settles_at limit :limit for update skip locked`,
    { limit },
  );
  for (const { id, outcome } of due) await settle(transaction, id, outcome);
  return due.length;
}
