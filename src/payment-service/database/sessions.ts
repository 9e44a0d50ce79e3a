import { newIdentifier } from '../identifier.ts';
import type { LineItem, NewSession, Session, SessionStatus } from '../session.ts';
import type { Statement } from './statement.ts';

interface SessionRow {
  id: string;
  status: SessionStatus;
  currency: string;
  amount_total: string;
  line_items: LineItem[];
  client_reference_id: string | null;
  customer_email: string | null;
  metadata: Record<string, string>;
  success_url: string;
  cancel_url: string | null;
  payment_intent: string | null;
  last_decline: 'card_declined' | null;
  created_at: Date;
  expires_at: Date;
}

/** Stores a new open session. */
export async function insertSession(sql: Statement, session: NewSession): Promise<Session> {
  const rows = await sql<SessionRow>(
    `insert into sessions (id, currency, amount_total, line_items, client_reference_id, customer_email, metadata,
                           success_url, cancel_url, expires_at)
     values (:id, :currency, :amountTotal, :lineItems, :clientReferenceId, :customerEmail, :metadata,
             :successUrl, :cancelUrl, :expiresAt)
     returning *`,
    {
      ...session,
      id: newIdentifier('cs_test'),
      lineItems: JSON.stringify(session.lineItems),
      metadata: JSON.stringify(session.metadata),
    },
  );
  return only(rows);
}

/** Reads a session; one past its time may still say open. */
export async function selectSession(sql: Statement, id: string): Promise<Session | undefined> {
  const rows = await sql<SessionRow>('select * from sessions where id = :id', { id });
  return first(rows);
}

/** Completes an open session whose time is not over and books its charge. Undefined: nothing changed. */
export async function completeSession(sql: Statement, id: string): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions set status = 'complete', payment_intent = :paymentIntent, last_decline = null
     where id = :id and status = 'open' and expires_at > now() returning *`,
    { id, paymentIntent: newIdentifier('pi') },
  );
  const session = first(rows);
  if (session === undefined) return undefined;
  await sql(
    `insert into charges (id, session_id, amount, currency) values (:chargeId, :id, :amountTotal, :currency)`,
    { chargeId: newIdentifier('ch'), id, amountTotal: session.amountTotal, currency: session.currency },
  );
  return session;
}

/** Ends an open session, whatever its time. Undefined: nothing changed. */
export async function expireSession(sql: Statement, id: string): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions set status = 'expired' where id = :id and status = 'open' returning *`,
    { id },
  );
  return first(rows);
}

/** Ends the session if it is open and past its time. Undefined: nothing changed. */
export async function expireOverdueSession(sql: Statement, id: string): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions set status = 'expired'
     where id = :id and status = 'open' and expires_at <= now() returning *`,
    { id },
  );
  return first(rows);
}

/** Ends up to `limit` sessions that are open and past their time. */
export async function expireOverdueSessions(sql: Statement, limit: number): Promise<Session[]> {
  const rows = await sql<SessionRow>(
    `update sessions set status = 'expired'
     where id in (select id from sessions where status = 'open' and expires_at <= now()
                  order by expires_at limit :limit for update skip locked)
     returning *`,
    { limit },
  );
  return rows.map(toSession);
}

/** Notes that a card was refused; the session stays open. Undefined: it was not open. */
export async function recordDecline(sql: Statement, id: string): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions set last_decline = 'card_declined'
     where id = :id and status = 'open' and expires_at > now() returning *`,
    { id },
  );
  return first(rows);
}

function first(rows: SessionRow[]): Session | undefined {
  return rows[0] && toSession(rows[0]);
}

function only(rows: SessionRow[]): Session {
  if (rows[0] === undefined) throw new Error('The statement returned no row');
  return toSession(rows[0]);
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    status: row.status,
    currency: row.currency,
    amountTotal: Number(row.amount_total),
    lineItems: row.line_items,
    clientReferenceId: row.client_reference_id,
    customerEmail: row.customer_email,
    metadata: row.metadata,
    successUrl: row.success_url,
    cancelUrl: row.cancel_url,
    paymentIntent: row.payment_intent,
    lastDecline: row.last_decline,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
