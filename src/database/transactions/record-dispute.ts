import { inTransaction, type Statement, statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { raiseAttention } from './attention.ts';
import { lockPayment } from './lock-payment.ts';

/** Writes a dispute into the history of its order and lists it, in the caller's transaction, which holds the lock of the payment. */
export async function recordDispute(
  sql: Statement,
  orderId: number,
  transactionId: string | null,
): Promise<void> {
  await sql(`insert into order_history (order_id, what) values (:orderId, 'disputed')`, { orderId });
  const reason = { code: 'charge_disputed', transactionId } as const;
  await raiseAttention(sql, { kind: 'dispute', subject: `order ${orderId}`, orderId, reason });
}

const disputesPerRun = 100;

/** A dispute that came before its charge was known. */
interface FoundDispute {
  readonly eventId: string;
  readonly orderId: number;
  readonly transactionId: string;
}

/**
 * Records the disputes whose charge has become known. A dispute names its charge alone, so until then it may be one of another shop: its
 * event has no body, and costs nothing while it waits.
 * @returns how many were recorded
 */
export async function recordFoundDisputes(database: Database): Promise<number> {
  const found = await statementsOf(database)<FoundDispute>(
    `select event_id, payments.order_id, transaction_id from payment_events join payments using (transaction_id)
     where kind = 'disputed' limit :disputesPerRun`,
    { disputesPerRun },
  );
  let recorded = 0;
  for (const dispute of found) {
    if (await inTransaction(database, (sql) => recordFoundDispute(sql, dispute))) recorded += 1;
  }
  return recorded;
}

/** @returns false when another process has recorded it meanwhile */
async function recordFoundDispute(
  sql: Statement,
  { eventId, orderId, transactionId }: FoundDispute,
): Promise<boolean> {
  await lockPayment(sql, orderId);
  const [waiting] = await sql(
    `update payment_events set outcome = 'applied', order_id = :orderId, tried_at = now(), transaction_id = null, kind = null
     where event_id = :eventId and kind = 'disputed' returning event_id`,
    { eventId, orderId },
  );
  if (!waiting) return false;
  await recordDispute(sql, orderId, transactionId);
  return true;
}
