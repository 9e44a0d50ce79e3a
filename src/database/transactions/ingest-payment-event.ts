import type { OtherVersion } from '../../domain/attention.ts';
import {
  cancelReasonOf,
  decideEvent,
  decideUnknown,
  type EventDecision,
  type EventOutcome,
  isAbout,
  isWaiting,
  type PaymentEvent,
} from '../../domain/payment.ts';
import { inTransaction, type Statement, statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { sendToCheckout } from '../outbox.ts';
import { checkoutWorkflowId } from '../workflow-ids.ts';
import { raiseAttention } from './attention.ts';
import { cancelOrder } from './cancel-order.ts';
import { type LockedPayment, lockPayment, movePayment, readPayment } from './lock-payment.ts';
import { recordDispute } from './record-dispute.ts';
import { recordExternalRefund } from './record-external-refund.ts';
import { settleLatePayment } from './settle-late-payment.ts';
import type { EndSettings } from './settle-or-cancel.ts';
import { settleLockedPayment, settlePayment } from './settle-payment.ts';

/** The settings of an event. */
export interface EventContext extends EndSettings {
  /** Whether real money is expected. */
  readonly live: boolean;
  /** The shop's origin. */
  readonly publicUrl: string;
}

/**
 * The webhook's transaction: records the event once, moves the payment if it should, and wakes or starts the workflows that
 * continue from there, all in one commit. An event that cannot be applied yet is recorded too, never refused. One that is not about an
 * order of this shop is recorded by its id alone.
 * @returns the outcome; `known` when the event was recorded before
 */
export async function ingestPaymentEvent(
  database: Database,
  context: EventContext,
  event: PaymentEvent,
): Promise<EventOutcome | 'known'> {
  if (event.otherVersion) await flagOtherVersion(database, event.otherVersion);
  if (await settleAtOnce(database, context, event)) return 'applied';
  return ingestLocked(database, context, event, (sql, decided) =>
    sql(
      `insert into payment_events (event_id, type, body, outcome, order_id, email, transaction_id, kind)
       values (:id, :type, cast(:body as jsonb), :outcome, :orderId, :email, :transactionId, :kind)
       on conflict (event_id) do nothing returning event_id`,
      { id: event.id, type: event.type, ...storedPartOf(event, decided) },
    ),
  );
}

/** Lists that events come in another version of the provider's format: one item for a version. The event is ingested all the same. */
function flagOtherVersion(database: Database, otherVersion: OtherVersion): Promise<void> {
  // A commit of its own: all events of the version update this row, and none of their payments should wait for another one's.
  return raiseAttention(statementsOf(database), {
    kind: 'event_version',
    subject: otherVersion.version,
    orderId: null,
    reason: { code: 'event_version', ...otherVersion },
  });
}

/**
 * The part of an event that is stored. An event that is ignored leaves its id alone, and one that waits for its charge also the id of
 * that: both may be about the customers of another shop. The buyer's address is stored while the order of a payment is unknown.
 */
function storedPartOf(event: PaymentEvent, { known, decision: { outcome } }: Decided) {
  const isUnknown = outcome === 'unknown_order';
  const waitsForCharge = isUnknown && event.kind !== 'paid';
  return {
    outcome,
    orderId: known?.orderId ?? null,
    body: outcome === 'ignored' || waitsForCharge ? '{}' : storableJson(event.body),
    email: isUnknown && !waitsForCharge ? event.email : null,
    transactionId: waitsForCharge ? event.transactionId : null,
    kind: waitsForCharge ? event.kind : null,
  };
}

// The charge has paid for another order. Nothing was changed.
const uniqueViolation = '23505';

/**
 * Settles the usual payment, whose order is pending and not in use: two statements and one commit, where locking first takes
 * seven.
 * @returns false in any other case; nothing was changed then
 */
async function settleAtOnce(
  database: Database,
  context: EventContext,
  event: PaymentEvent,
): Promise<boolean> {
  if (event.kind !== 'paid' || event.orderId === null || event.transactionId === null) return false;
  const known = await readPayment(statementsOf(database), event.orderId);
  if (!known || !isWaiting(known.state)) return false;
  if (!('nextState' in decideEvent(event, { ...known, live: context.live }))) return false;
  const { id, type, body, transactionId } = event;
  const made = { ...known, transactionId, event: { id, type, body: storableJson(body) } };
  try {
    // A second statement empties the cart, in the same transaction.
    if (known.browserId === null) return await settlePayment(statementsOf(database), made, context);
    return await inTransaction(database, (sql) => settlePayment(sql, made, context));
  } catch (error) {
    if ((error as { code?: unknown }).code === uniqueViolation) return false;
    throw error;
  }
}

// Matches each escape as a whole, so that an escaped backslash before one is recognised.
const escapes = /\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/** The JSON of a body without the characters that Postgres rejects. */
function storableJson(body: unknown): string {
  return JSON.stringify(body).replaceAll(escapes, (escape) =>
    /^\\u(?:0000|d[89a-f])/.test(escape) ? '\\ufffd' : escape,
  );
}

/**
 * Tries a deferred event again.
 * @returns the new outcome; `known` when another process has applied it meanwhile
 */
export function retryDeferredEvent(
  database: Database,
  context: EventContext,
  event: PaymentEvent,
): Promise<EventOutcome | 'known'> {
  return ingestLocked(database, context, event, (sql, decided) =>
    sql(
      `update payment_events set outcome = :outcome, order_id = :orderId, tried_at = now(),
         body = cast(:body as jsonb), email = :email, transaction_id = :transactionId, kind = :kind
       where event_id = :id and outcome in ('unknown_order', 'too_early') returning event_id`,
      { id: event.id, ...storedPartOf(event, decided) },
    ),
  );
}

/** Decides about an event and applies the decision, unless `record` writes no row because the event was ingested before. */
function ingestLocked(
  database: Database,
  context: EventContext,
  event: PaymentEvent,
  record: (sql: Statement, decided: Decided) => Promise<unknown[]>,
): Promise<EventOutcome | 'known'> {
  return inTransaction(database, async (sql) => {
    const decided = await decideLocked(sql, context, event);
    const [recorded] = await record(sql, decided);
    if (!recorded) return 'known';
    await apply(sql, context, event, decided);
    return decided.decision.outcome;
  });
}

interface Decided {
  readonly known: LockedPayment | undefined;
  readonly decision: EventDecision;
}

async function decideLocked(
  sql: Statement,
  { live, publicUrl }: EventContext,
  event: PaymentEvent,
): Promise<Decided> {
  const known = await lockPaymentOf(sql, event);
  if (!known) return { known, decision: decideUnknown(event, publicUrl) };
  const decision = decideEvent(event, { ...known, live });
  const paysAnother = await isChargeOfAnotherOrder(sql, event, known, decision);
  return { known, decision: paysAnother ? { outcome: 'mismatch' } : decision };
}

/** Locks the payment that an event is about. The events of another shop with the same account lock none, whatever numbers they name. */
async function lockPaymentOf(sql: Statement, event: PaymentEvent): Promise<LockedPayment | undefined> {
  const orderId = event.orderId ?? (await findOrderOf(sql, event));
  if (orderId === undefined) return undefined;
  const named = await readPayment(sql, orderId);
  const isOurs = named !== undefined && (isAbout(event, named) || (await namesOurs(sql, event)));
  return isOurs ? lockPayment(sql, orderId) : undefined;
}

/** Whether an event names a session or a charge of ours. One that names another order than that of the session needs a person. */
async function namesOurs(sql: Statement, { sessionId, transactionId }: PaymentEvent): Promise<boolean> {
  const [ours] = await sql(
    'select 1 from payments where session_id = :sessionId or transaction_id = :transactionId limit 1',
    { sessionId, transactionId },
  );
  return ours !== undefined;
}

/** Whether the charge of a payment that would be applied has paid for another order. */
async function isChargeOfAnotherOrder(
  sql: Statement,
  { kind, transactionId }: PaymentEvent,
  { orderId }: LockedPayment,
  { outcome }: EventDecision,
): Promise<boolean> {
  if (kind !== 'paid' || (outcome !== 'applied' && outcome !== 'late')) return false;
  const [other] = await sql(
    'select 1 from payments where transaction_id = :transactionId and order_id <> :orderId',
    { transactionId, orderId },
  );
  return other !== undefined;
}

/** The order of a refund or a dispute that names the charge alone. */
async function findOrderOf(sql: Statement, event: PaymentEvent): Promise<number | undefined> {
  if (event.sessionId !== null || event.transactionId === null) return undefined;
  const [payment] = await sql<{ orderId: number }>(
    'select order_id from payments where transaction_id = :transactionId',
    { transactionId: event.transactionId },
  );
  return payment?.orderId;
}

/** Its page then says that the bank did not pay, and not that somebody cancelled. */
async function recordFailure(sql: Statement, orderId: number): Promise<void> {
  await sql(
    `insert into order_history (order_id, what) values (:orderId, 'payment_failed') returning order_id`,
    {
      orderId,
    },
  );
}

async function apply(
  sql: Statement,
  context: EventContext,
  event: PaymentEvent,
  { known, decision }: Decided,
): Promise<void> {
  if (!known) return;
  const { orderId } = known;
  if ('nextState' in decision) {
    // A bank debit that failed has no charge.
    const transactionId = decision.nextState === 'settled' ? event.transactionId : null;
    if (transactionId === null) {
      await movePayment(sql, known, 'expired');
      if (event.kind === 'failed') await recordFailure(sql, orderId);
      await cancelOrder(sql, { orderId, reason: cancelReasonOf(known) }, context);
    } else await settleLockedPayment(sql, known, transactionId, context);
    await sendToCheckout(sql, {
      workflowId: checkoutWorkflowId(known.checkoutKey),
      messageId: event.id,
      message: transactionId === null ? {} : { paid: true },
    });
  } else if ('externalRefundCents' in decision) {
    await recordExternalRefund(sql, known, {
      eventId: event.id,
      amountCents: decision.externalRefundCents,
    });
  } else if ('disputed' in decision) {
    await recordDispute(sql, orderId, event.transactionId);
  } else if (decision.outcome === 'late') {
    await settleLatePayment(sql, known, event.transactionId ?? '', context);
  } else if (decision.outcome === 'mismatch') {
    const reason = { code: 'event_differs', type: event.type, eventId: event.id, orderId } as const;
    await raiseAttention(sql, { kind: 'event_mismatch', subject: `order ${orderId}`, orderId, reason });
  }
}
