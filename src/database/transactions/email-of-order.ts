import type { CorrectionOutcome, ResendOutcome } from '../../domain/contact.ts';
import { mostCorrections, mostResends, secondsBetweenResends } from '../../domain/limits.ts';
import type { OrderStatus } from '../../domain/order.ts';
import { inTransaction, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { enqueueWorkflow } from '../outbox.ts';
import { resolveAttention } from './attention.ts';
import { restartWorkflow } from './restart-workflows.ts';

// A history entry counts each act, and never has the address.

/**
 * Replaces the e-mail address of an order. Every later message goes to the new one. An erasure finds the order by the first one as well. What the client holds stays counted under the address of
 * the placement, and the provider keeps the one that its session was opened with. A repetition changes nothing.
 */
export function correctEmail(
  database: Database,
  { token, email }: { readonly token: string; readonly email: string },
): Promise<CorrectionOutcome> {
  return inTransaction(database, async (sql) => {
    const order = await lockOrder(sql, token);
    if (!order) return 'unknown';
    if (!order.isOpen) return 'not_now';
    if (order.email === email) return 'corrected';
    const { orderId } = order;
    const [corrected] = await sql(
      `with corrected as (
         update orders set email = :email, first_email = coalesce(first_email, email)
         where order_id = :orderId and ${isOpenSql} and (
           select count(*) from order_history where order_id = :orderId and what = 'email_corrected'
         ) < :mostCorrections
         returning order_id
       )
       insert into order_history (order_id, what) select order_id, 'email_corrected' from corrected returning 1`,
      { orderId, email, mostCorrections },
    );
    return corrected ? 'corrected' : 'too_often';
  });
}

/**
 * Sends the last message about an order again, to the address that the order has now. One that no mail server took is tried again, as an
 * operator would.
 */
export function resendLastEmail(database: Database, token: string): Promise<ResendOutcome> {
  return inTransaction(database, async (sql) => {
    const order = await lockOrder(sql, token);
    if (!order) return 'unknown';
    if (!order.isOpen) return 'not_now';
    const { orderId } = order;
    const [last] = await sql<LastEmail>(lastEmail, { orderId });
    if (!last) return 'nothing';
    const [before] = await sql<{ times: number; tooSoon: boolean | null }>(
      `select cast(count(*) as integer) as times,
         max(at) > now() - cast(:seconds as integer) * interval '1 second' as too_soon
       from order_history where order_id = :orderId and what = 'email_resent'`,
      { orderId, seconds: secondsBetweenResends },
    );
    if (before?.tooSoon) return 'too_soon';
    if (before && before.times >= mostResends) return 'too_often';
    if (!last.isSent && !last.hasFailed) return 'under_way';
    await (last.isSent ? sendCopy(sql, last.emailId) : retry(sql, last.emailId));
    await sql(`insert into order_history (order_id, what) values (:orderId, 'email_resent')`, { orderId });
    return 'resent';
  });
}

/** SQL of whether the order goes on, and its address can be used. */
const isOpenSql = `status in ('pending', 'paid', 'dispatched') and email is not null and erase_asked_at is null`;

interface LockedOrder {
  readonly orderId: number;
  readonly status: OrderStatus;
  readonly email: string | null;
  readonly isOpen: boolean;
}

/** Locks an order. The statements after it see what was committed while the lock was awaited. */
async function lockOrder(sql: Statement, token: string): Promise<LockedOrder | undefined> {
  const [order] = await sql<LockedOrder>(
    `select order_id, status, email, ${isOpenSql} as is_open from orders where token = :token for update`,
    { token },
  );
  return order;
}

interface LastEmail {
  readonly emailId: number;
  readonly isSent: boolean;
  readonly hasFailed: boolean;
}

const lastEmail = `
  select email_id, sent_at is not null as is_sent, exists (
    select from attention where kind = 'email_failed' and subject = cast(email_id as text) and resolved_at is null
  ) as has_failed
  from emails where order_id = :orderId and kind <> 'orders_found'
  order by email_id desc limit 1`;

async function sendCopy(sql: Statement, emailId: number): Promise<void> {
  const [copy] = await sql<{ emailId: number }>(
    `insert into emails (order_id, kind, refund_id, shipment_id, copy)
     select order_id, kind, refund_id, shipment_id, copy + 1 from emails where email_id = :emailId
     returning email_id`,
    { emailId },
  );
  if (copy) await enqueueWorkflow(sql, 'email', copy.emailId);
}

async function retry(sql: Statement, emailId: number): Promise<void> {
  await restartWorkflow(sql, 'email', emailId);
  await resolveAttention(sql, { kind: 'email_failed', subject: String(emailId), resolution: 'retried' });
}
