import type { FaultRates } from '../faults.ts';
import { newIdentifier } from '../identifier.ts';
import type {
  Decline,
  LineItem,
  NewSession,
  Session,
  SessionPayment,
  SessionStatus,
  Settlement,
} from '../session.ts';
import { insertCharge } from './charges.ts';
import type { Statement } from './statement.ts';

/** A row of the table; `toSession` reads it. */
export interface SessionRow {
  id: string;
  status: SessionStatus;
  payment: SessionPayment;
  currency: string;
  amount_total: string;
  line_items: LineItem[];
  client_reference_id: string | null;
  customer_email: string | null;
  metadata: Record<string, string>;
  intent_metadata: Record<string, string>;
  success_url: string;
  cancel_url: string | null;
  payment_intent: string | null;
  last_decline: Decline | null;
  faults: FaultRates | null;
  created_at: Date;
  expires_at: Date;
}

/** Stores a new open session. */
export async function insertSession(sql: Statement, session: NewSession): Promise<Session> {
  const rows = await sql<SessionRow>(
    `insert into sessions (id, currency, amount_total, line_items, client_reference_id, customer_email, metadata,
                           intent_metadata, success_url, cancel_url, expires_at)
     values (:id, :currency, :amountTotal, :lineItems, :clientReferenceId, :customerEmail, :metadata,
             :intentMetadata, :successUrl, :cancelUrl, :expiresAt)
     returning *`,
    {
      ...session,
      id: newIdentifier('cs_test'),
      lineItems: JSON.stringify(session.lineItems),
      metadata: JSON.stringify(session.metadata),
      intentMetadata: JSON.stringify(session.intentMetadata),
    },
  );
  if (rows[0] === undefined) throw new Error('The insert returned no row');
  return toSession(rows[0]);
}

/** Reads a session by its own identifier or that of its payment intent; one past its time may still say open. */
export async function selectSession(sql: Statement, id: string): Promise<Session | undefined> {
  return first(
    await sql<SessionRow>('select * from sessions where id = :id or payment_intent = :id', { id }),
  );
}

/** How a session is completed. */
export interface Completion {
  /** `expired` is a fault of the provider: the money comes although the session has ended. */
  readonly from: 'open' | 'expired';
  readonly payment: 'paid' | 'processing';
  /** What the bank will say by itself, and when. */
  readonly settlement?: { readonly outcome: Settlement; readonly afterMilliseconds: number };
}

/** Completes a session and ledger its charge when it is paid at once. Undefined: nothing changed. */
export async function completeSession(
  sql: Statement,
  id: string,
  { from, payment, settlement }: Completion,
): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions
     set status = 'complete', payment = :payment, last_decline = null,
         payment_intent = coalesce(payment_intent, :paymentIntent), settles_with = :outcome,
         settles_at = now() + make_interval(secs => cast(:milliseconds as float8) / 1000)
     where id = :id and status = :from and (status = 'expired' or expires_at > now()) returning *`,
    {
      id,
      from,
      payment,
      paymentIntent: newIdentifier('pi'),
      outcome: settlement?.outcome ?? null,
      milliseconds: settlement?.afterMilliseconds ?? null,
    },
  );
  const session = first(rows);
  if (session?.payment === 'paid') await insertCharge(sql, session);
  return session;
}

/** Writes down what the bank says about a payment that was processing. Undefined: nothing changed. */
export async function settleSession(
  sql: Statement,
  id: string,
  outcome: Settlement,
): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions set payment = :payment, settles_at = null, settles_with = null
     where id = :id and payment = 'processing' returning *`,
    { id, payment: outcome === 'succeeded' ? 'paid' : 'failed' },
  );
  const session = first(rows);
  if (session?.payment === 'paid') await insertCharge(sql, session);
  return session;
}

/** Locks up to `limit` payments about which the bank has something to say now. */
export function lockDueSettlements(
  sql: Statement,
  limit: number,
): Promise<{ id: string; outcome: Settlement }[]> {
  return sql(
    `select id, settles_with as outcome from sessions where settles_at <= now()
     order by settles_at limit :limit for update skip locked`,
    { limit },
  );
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
     where (id = :id or payment_intent = :id) and status = 'open' and expires_at <= now() returning *`,
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
export async function recordDecline(
  sql: Statement,
  id: string,
  decline: Decline,
): Promise<Session | undefined> {
  const rows = await sql<SessionRow>(
    `update sessions set last_decline = :decline, payment_intent = coalesce(payment_intent, :paymentIntent)
     where id = :id and status = 'open' and expires_at > now() returning *`,
    { id, decline, paymentIntent: newIdentifier('pi') },
  );
  return first(rows);
}

/** Gives a session faults of its own. False: there is no such session. */
export async function updateSessionFaults(sql: Statement, id: string, rates: FaultRates): Promise<boolean> {
  const rows = await sql('update sessions set faults = :rates where id = :id returning id', {
    id,
    rates: JSON.stringify(rates),
  });
  return rows.length > 0;
}

function first(rows: SessionRow[]): Session | undefined {
  return rows[0] && toSession(rows[0]);
}

/** Reads a row. */
export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    status: row.status,
    payment: row.payment,
    currency: row.currency,
    amountTotal: Number(row.amount_total),
    lineItems: row.line_items,
    clientReferenceId: row.client_reference_id,
    customerEmail: row.customer_email,
    metadata: row.metadata,
    intentMetadata: row.intent_metadata,
    successUrl: row.success_url,
    cancelUrl: row.cancel_url,
    paymentIntent: row.payment_intent,
    lastDecline: row.last_decline,
    faults: row.faults,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
