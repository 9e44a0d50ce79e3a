import type { ReturnRequestCode } from '../../domain/attention.ts';
import type { ReturnOutcome } from '../../domain/contact.ts';
import { mostReturnRequests } from '../../domain/limits.ts';
import type { OrderEvent } from '../../domain/order.ts';
import { inTransaction, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { raiseAttention, resolveAttention } from './attention.ts';
import { lockPayment } from './lock-payment.ts';

/**
 * Puts a buyer's request to cancel a paid order, or to return a dispatched one, on the attention list. It changes nothing else: an operator
 * decides, and the dispatch goes on meanwhile. One request of an order is open at a time. An order of which nothing was sent has nothing to return.
 * @param request.reason the buyer's words, as `readReturnReason` returns them
 */
export function requestReturn(
  database: Database,
  { token, reason: message }: { readonly token: string; readonly reason: string },
): Promise<ReturnOutcome> {
  return inTransaction(database, async (sql) => {
    const [order] = await sql<{ orderId: number }>('select order_id from orders where token = :token', {
      token,
    });
    if (!order) return 'unknown';
    const { orderId } = order;
    const payment = await lockPayment(sql, orderId);
    if (payment?.state !== 'settled') return 'not_now';
    const code = codes[payment.orderStatus];
    if (code === undefined) return 'not_now';
    // A statement of its own: it sees what was committed while the lock was awaited.
    const [before] = await sql<{ isOpen: boolean; nothingSent: boolean; times: number }>(
      `select exists (
         select from attention where kind = 'return_asked' and subject = :subject and resolved_at is null
       ) as is_open, exists (select from orders where order_id = :orderId and nothing_sent) as nothing_sent,
         cast(count(*) as integer) as times
       from order_history where order_id = :orderId and what = 'return_asked'`,
      { orderId, subject: String(orderId) },
    );
    if (before?.isOpen) return 'open';
    if (before?.nothingSent) return 'not_now';
    if (before && before.times >= mostReturnRequests) return 'too_often';
    await raiseAttention(sql, { ...itemOf(orderId), orderId, reason: { code, message } });
    await addToHistory(sql, orderId, 'return_asked', { code });
    return 'asked';
  });
}

const codes: Readonly<Record<string, ReturnRequestCode>> = {
  paid: 'cancellation_asked',
  dispatched: 'return_asked',
};

function itemOf(orderId: number) {
  return { kind: 'return_asked', subject: String(orderId) } as const;
}

/**
 * Answers the open request of an order, if there is one, in the caller's transaction, which has locked the order.
 * @param note the operator's words, which the buyer reads
 */
export async function answerReturnRequest(sql: Statement, orderId: number, note: string): Promise<void> {
  const answered = await resolveAttention(sql, { ...itemOf(orderId), resolution: 'operator', note });
  if (answered) await addToHistory(sql, orderId, 'return_answered', {});
}

async function addToHistory(
  sql: Statement,
  orderId: number,
  what: OrderEvent,
  detail: object,
): Promise<void> {
  await sql(
    'insert into order_history (order_id, what, detail) values (:orderId, :what, cast(:detail as jsonb))',
    { orderId, what, detail: JSON.stringify(detail) },
  );
}
