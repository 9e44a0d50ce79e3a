import type { Database } from '../database/connection.ts';
import { findPayments, knownEvents, type PaymentStanding } from '../database/queries/reconciliation.ts';
import { type EventContext, ingestPaymentEvent } from '../database/transactions/ingest-payment-event.ts';
import { correlationTokenOf } from '../domain/order.ts';
import type { EndedSession, ListedSession, PaymentProvider } from '../payments/provider.ts';
import { ingestOrSendToAttention } from './attention.ts';

/** The two sides of a comparison: our rows and the provider's lists. */
export interface ComparisonContext {
  readonly database: Database;
  readonly provider: PaymentProvider;
  readonly context: EventContext;
}

/** How many differences of each kind were found and put right. */
export interface Differences {
  readonly missed_events: number;
  readonly missed_payments: number;
  readonly sessions_ended: number;
}

const atOnce = 100;
// A session that was just opened may not be on record yet, and one that just ended may have its event under way.
const graceMs = 5 * 60_000;

/**
 * Compares the provider's lists since a time with our rows, and takes in what never reached us, through the webhook's own
 * transaction: an event that was not delivered, a payment of which there was none. Sessions that can still be paid although
 * their order is over are ended.
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
  let [missedPayments, sessionsEnded] = [0, 0];
  for await (const sessions of batches(comparing.provider.listSessions(since))) {
    const old = sessions.filter(({ createdAt }) => now.getTime() - createdAt.getTime() > graceMs);
    const payments = await findPayments(
      comparing.database,
      old.map(({ orderId }) => orderId ?? 0),
    );
    for (const session of old) {
      const payment = payments.get(session.orderId ?? 0);
      if (isMissedPayment(session, payment)) missedPayments += await ingestMissedPayment(comparing, session);
      else if (isLeftOpen(session, payment)) sessionsEnded += await endLeftOpen(comparing, session, payment);
    }
  }
  return { missed_events: missedEvents, missed_payments: missedPayments, sessions_ended: sessionsEnded };
}

async function ingestMissedEvents(
  { database, context, provider }: ComparisonContext,
  bodies: unknown[],
): Promise<number> {
  const told = bodies
    .flatMap((body) => provider.readEvent(body) ?? [])
    .filter(({ kind }) => kind !== 'other');
  const known = await knownEvents(
    database,
    told.map(({ id }) => id),
  );
  let taken = 0;
  // Oldest first, as they would have come.
  for (const event of told.filter(({ id }) => !known.has(id)).toReversed()) {
    const outcome = await ingestOrSendToAttention(database, event, () =>
      ingestPaymentEvent(database, context, event),
    );
    if (outcome !== undefined && outcome !== 'known') taken += 1;
  }
  return taken;
}

/** Whether a session is of an order of ours, and not of another shop with the same account. */
function isSessionOfOrder(
  session: ListedSession,
  payment: PaymentStanding | undefined,
): payment is PaymentStanding {
  return payment !== undefined && session.correlationToken === correlationTokenOf(payment.token);
}

function isMissedPayment(session: ListedSession, payment: PaymentStanding | undefined): boolean {
  if (session.paidEvent === null || !isSessionOfOrder(session, payment)) return false;
  if (payment.sessionId !== session.sessionId) return true;
  return ['creating', 'open', 'expired'].includes(payment.state);
}

/** Tells the inbox of a paid session as its event would have. */
async function ingestMissedPayment(comparing: ComparisonContext, session: ListedSession): Promise<number> {
  const event = comparing.provider.readEvent(session.paidEvent);
  if (!event) return 0;
  const { database, context } = comparing;
  const outcome = await ingestOrSendToAttention(database, event, () =>
    ingestPaymentEvent(database, context, event),
  );
  return outcome === undefined || outcome === 'known' ? 0 : 1;
}

function isLeftOpen(session: ListedSession, payment: PaymentStanding | undefined): boolean {
  return session.status === 'open' && isSessionOfOrder(session, payment) && payment.status !== 'pending';
}

async function endLeftOpen(
  { provider }: ComparisonContext,
  { sessionId }: ListedSession,
  payment: PaymentStanding | undefined,
): Promise<number> {
  if (!payment) return 0;
  const { amountCents, currency } = payment;
  // One that cannot be ended now is ended by a later run, and does not keep the others waiting.
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
