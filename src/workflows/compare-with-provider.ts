import type { Database } from '../database/connection.ts';
import { findPayments, knownEvents, type PaymentStatus } from '../database/queries/reconciliation.ts';
import { type EventContext, ingestPaymentEvent } from '../database/transactions/ingest-payment-event.ts';
import { flagUnknownPayment } from '../database/transactions/unknown-payments.ts';
import { correlationTokenOf } from '../domain/order.ts';
import { isOfShop, isUnpaid, type PaymentEvent } from '../domain/payment.ts';
import type { EndedSession, ListedSession, PaymentProvider } from '../payments/provider.ts';
import { inTransaction } from '../shared/statement.ts';
import { ingestOrSendToAttention } from './attention.ts';

/** The two sides of a comparison: our rows and the provider's lists. */
export interface ComparisonContext {
  readonly database: Database;
  readonly provider: PaymentProvider;
  readonly context: EventContext;
}

/** How many differences of each kind were repaired, or listed for a person. */
export interface Differences {
  readonly missed_events: number;
  readonly missed_payments: number;
  readonly unknown_payments: number;
  readonly sessions_ended: number;
}

const atOnce = 100;
// A session that was just opened may not be recorded yet, and the event of one that just ended may still arrive.
const graceMs = 5 * 60_000;

/**
 * Compares the provider's lists since a time with our rows. Ingests missed events, and payments without any event, through the
 * webhook's transaction. Ends sessions that can still be paid although their order has ended. Lists payments of unknown orders.
 */
export async function compareWithProvider(
  comparing: ComparisonContext,
  since: Date,
  now: Date,
): Promise<Differences> {
  let missedEvents = 0;
  for await (const events of batches(comparing.provider.listEvents(since))) {
    missedEvents += await ingestMissedEvents(comparing, events);
  }
  let [missedPayments, unknownPayments, sessionsEnded] = [0, 0, 0];
  for await (const sessions of batches(comparing.provider.listSessions(since))) {
    const old = sessions.filter(({ createdAt }) => now.getTime() - createdAt.getTime() > graceMs);
    const payments = await findPayments(
      comparing.database,
      old.map(({ orderId }) => orderId ?? 0),
    );
    for (const session of old) {
      const payment = payments.get(session.orderId ?? 0);
      // Another shop with the same account has orders with the same numbers, and so has this one after a restore.
      if (!payment || session.correlationToken !== correlationTokenOf(payment.token)) {
        const event = comparing.provider.readEvent(session.paidEvent);
        if (event && (await listUnknownPayment(comparing, event))) unknownPayments += 1;
      } else if (isMissedPayment(session, payment))
        missedPayments += await ingestMissedPayment(comparing, session);
      else if (isLeftOpen(session, payment)) sessionsEnded += await endLeftOpen(comparing, session, payment);
    }
  }
  return {
    missed_events: missedEvents,
    missed_payments: missedPayments,
    unknown_payments: unknownPayments,
    sessions_ended: sessionsEnded,
  };
}

/**
 * Puts a payment on the attention list whose order is unknown, unless another shop with the same account opened its session.
 * @returns whether it was listed now
 */
export async function listUnknownPayment(
  { database, context }: ComparisonContext,
  event: PaymentEvent,
): Promise<boolean> {
  const { kind, sessionId } = event;
  if (kind !== 'paid' || sessionId === null || !isOfShop(event, context.publicUrl)) return false;
  return inTransaction(database, (sql) => flagUnknownPayment(sql, { ...event, sessionId }));
}

async function ingestMissedEvents(comparing: ComparisonContext, bodies: unknown[]): Promise<number> {
  const events = bodies
    .flatMap((body) => comparing.provider.readEvent(body) ?? [])
    .filter(({ kind }) => kind !== 'other');
  const known = await knownEvents(
    comparing.database,
    events.map(({ id }) => id),
  );
  let ingested = 0;
  // Oldest first, in the order in which they would have arrived.
  for (const event of events.filter(({ id }) => !known.has(id)).toReversed()) {
    if (await ingest(comparing, event)) ingested += 1;
  }
  return ingested;
}

/** Ingests an event through the webhook's transaction. @returns whether it was new, and not one of another shop */
async function ingest({ database, context }: ComparisonContext, event: PaymentEvent): Promise<boolean> {
  const outcome = await ingestOrSendToAttention(database, event, () =>
    ingestPaymentEvent(database, context, event),
  );
  return outcome !== undefined && outcome !== 'known' && outcome !== 'ignored';
}

function isMissedPayment(session: ListedSession, payment: PaymentStatus): boolean {
  if (session.paidEvent === null) return false;
  if (payment.sessionId !== session.sessionId) return true;
  return isUnpaid(payment.state);
}

/** Ingests the event that would have reported the payment of a session. */
async function ingestMissedPayment(comparing: ComparisonContext, session: ListedSession): Promise<number> {
  const event = comparing.provider.readEvent(session.paidEvent);
  return event && (await ingest(comparing, event)) ? 1 : 0;
}

function isLeftOpen(session: ListedSession, payment: PaymentStatus): boolean {
  return session.status === 'open' && payment.status !== 'pending';
}

async function endLeftOpen(
  { provider }: ComparisonContext,
  { sessionId }: ListedSession,
  { amountCents, currency }: PaymentStatus,
): Promise<number> {
  // A later run ends a session that cannot be ended now.
  const end = provider.endSession({ sessionId, amountCents, currency });
  const ended: EndedSession | undefined = await end.catch(() => undefined);
  return ended?.outcome === 'ended' ? 1 : 0;
}

async function* batches<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < atOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
