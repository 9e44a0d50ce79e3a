import type { Database } from '../database/connection.ts';
import { raiseAttention } from '../database/transactions/attention.ts';
import type { PaymentEvent } from '../domain/payment.ts';
import { inTransaction } from '../shared/statement.ts';

/**
 * Takes in one event of many. One that fails is put before a person and does not keep the others waiting.
 * @returns undefined when it failed
 */
export async function orRaiseAttention<Outcome>(
  database: Database,
  { id, type }: PaymentEvent,
  take: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  try {
    return await take();
  } catch (error) {
    const reason = `${type} cannot be taken in: ${String(error)}`;
    // With Postgres away this fails too, and the next run begins anew.
    await inTransaction(database, (sql) =>
      raiseAttention(sql, { kind: 'event_mismatch', subject: id, orderId: null, reason }),
    );
    return undefined;
  }
}
