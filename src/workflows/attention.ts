import { Error as EngineErrors } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { transaction } from '../database/transaction.ts';
import { type AttentionSubject, raiseAttention } from '../database/transactions/attention.ts';
import type { PaymentEvent } from '../domain/payment.ts';
import { inTransaction } from '../shared/statement.ts';

/** The attention item of a checkout that failed. */
export function checkoutFailure(orderId: number) {
  return { kind: 'checkout_failed', subject: String(orderId), orderId } as const;
}

/** The result of a workflow that was sent to the attention list. An operator can start it again from there. */
export const needsAttention = 'needs_attention';

/** Puts an item on the attention list. */
export const sendToAttention = transaction('sendToAttention', raiseAttention);

/** Runs a workflow that nobody waits for. Its error goes to the attention list instead of vanishing in a failed workflow. */
export async function orSendToAttention<Result>(
  subject: AttentionSubject,
  run: () => Promise<Result>,
): Promise<Result | typeof needsAttention> {
  try {
    return await run();
  } catch (error) {
    // The engine's own errors: the workflow was cancelled, or another process runs it now.
    if (error instanceof EngineErrors.DBOSError) throw error;
    await sendToAttention({ ...subject, reason: { code: 'workflow_failed', error: String(error) } });
    return needsAttention;
  }
}

/**
 * Ingests one event of many. An event that fails goes to the attention list and does not delay the others.
 * @returns undefined when it failed
 */
export async function ingestOrSendToAttention<Outcome>(
  database: Database,
  { id: eventId, type, orderId }: PaymentEvent,
  ingest: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  try {
    return await ingest();
  } catch (error) {
    const reason = { code: 'event_failed', type, eventId, error: String(error) } as const;
    const subject = orderId === null ? 'events' : `order ${orderId}`;
    // While Postgres is away this fails too, and the next run tries again.
    await inTransaction(database, (sql) =>
      raiseAttention(sql, { kind: 'event_mismatch', subject, orderId: null, reason }),
    );
    return undefined;
  }
}
