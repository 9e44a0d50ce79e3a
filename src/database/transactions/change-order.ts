import type { HoldLimits } from '../../domain/limits.ts';
import type { Placement } from '../../domain/order.ts';
import { inTransaction, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { sendToCheckout } from '../outbox.ts';
import { cancelOrder } from './cancel-order.ts';
import { type LockedPayment, lockPayment, movePayment } from './lock-payment.ts';
import { type PlacedOutcome, recordRefusal, reserveOrder } from './place-order.ts';
import type { Refused } from './refuse-order.ts';

/** A placement that takes the place of a pending order. */
export type Change = Placement & { readonly changes: number };

/** A payment session that is to be ended. */
interface OpenSession {
  readonly sessionId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** Whether the shopper is changing an order: the last change that was asked for was not given up. */
const isBeingChanged = `'change_asked' is not distinct from (
  select what from order_history where order_id = :orderId and what in ('change_asked', 'change_given_up')
  order by history_id desc limit 1)`;

/**
 * Records that the shopper changes a pending order. From then on, the end of its payment session does not release its units. A repetition
 * changes nothing.
 * @returns its payment session, which must be ended next; null when none is recorded, or when the order is no longer pending
 */
export function beginChange(database: Database, orderId: number): Promise<OpenSession | null> {
  return inTransaction(database, async (sql) => {
    const payment = await lockPayment(sql, orderId);
    if (payment?.orderStatus !== 'pending') return null;
    await sql(
      `insert into order_history (order_id, what) select :orderId, 'change_asked' where not (${isBeingChanged})`,
      { orderId },
    );
    const { sessionId, amountCents, currency } = payment;
    return sessionId === null ? null : { sessionId, amountCents, currency };
  });
}

/** How the payment session of a changed order ended; `unknown` when the provider does not say. */
export type SessionEnd = 'ended' | 'paid' | 'unknown';

/** The payment session that was recorded for the changed order before this change, and its end. */
interface EndedSession {
  readonly sessionId: string | null;
  readonly end: SessionEnd;
}

/**
 * Cancels the order that is changed and places the new one, in one transaction: its units pass from one to the other, and nobody else can
 * reserve them in between. When the new order cannot be placed, it is recorded as refused, and the other one keeps its units. The same
 * request finds the order that it has placed. An order that has ended unpaid meanwhile is not in the way.
 * @param ended its session is null when none was recorded
 * @param limits null for none
 * @returns `session_recorded` when the changed order has another payment session by now, which must be ended first
 */
export async function changeOrder(
  database: Database,
  change: Change,
  { sessionId, end: sessionEnd }: EndedSession,
  { limits, emailsPerDay }: { readonly limits: HoldLimits | null; readonly emailsPerDay: number },
): Promise<PlacedOutcome | { readonly outcome: 'session_recorded' }> {
  try {
    return await inTransaction(database, async (sql) => {
      if (limits !== null) await lockClients(sql, change);
      const changed = await lockPayment(sql, change.changes);
      await lockStock(sql, change);
      await lockCodes(sql, change);
      if (changed?.orderStatus === 'pending' && changed.sessionId !== sessionId)
        return { outcome: 'session_recorded' };
      const notChanged = changed && reasonAgainst(changed, sessionEnd);
      const isReplaced = changed?.orderStatus === 'pending' && !notChanged;
      if (isReplaced) await endChanged(sql, changed, emailsPerDay);
      const { placed, ...refused } = await reserveOrder(sql, change, limits);
      if (notChanged || !placed) throw new NotPlaced({ ...refused, ...(notChanged && { notChanged }) });
      if (isReplaced) await recordSuccessor(sql, changed.orderId, placed.orderId);
      return { outcome: 'placed', order: placed, session: null };
    });
  } catch (error) {
    if (!(error instanceof NotPlaced)) throw error;
    const { refused } = error;
    return inTransaction(database, async (sql) => {
      // The payment may not have been reported yet: the checkout of the paid order asks the provider itself.
      if (sessionEnd === 'paid') await wakeCheckout(sql, change.changes);
      if (refused.notChanged === 'change_unavailable') await giveUpChange(sql, change.changes);
      return recordRefusal(sql, change, refused);
    });
  }
}

/** Rolls the transaction back, so that the changed order stays as it was. */
class NotPlaced extends Error {
  constructor(readonly refused: Refused) {
    super('The order was not placed.');
  }
}

/** The order is as it was, and its payment session probably too: its page leads to the payment again. */
async function giveUpChange(sql: Statement, orderId: number): Promise<void> {
  await sql(
    `insert into order_history (order_id, what) select :orderId, 'change_given_up' where ${isBeingChanged}`,
    { orderId },
  );
}

/** Why an order is not changed; undefined when it may be, or when it has ended unpaid. */
function reasonAgainst(
  { orderStatus, state }: LockedPayment,
  sessionEnd: SessionEnd,
): Refused['notChanged'] | undefined {
  if (orderStatus === 'cancelled') return undefined;
  const isPaid = orderStatus !== 'pending' || state === 'paid' || state === 'settled';
  if (isPaid || sessionEnd === 'paid') return 'changed_order_paid';
  return sessionEnd === 'unknown' ? 'change_unavailable' : undefined;
}

// The locks of a placement, in its order and before any other: the client, then the stock of both orders by SKU, then the codes of both.
// Those of a payment and its order come between, because every cancellation takes them before stock.
async function lockClients(sql: Statement, { clients = [] }: Change): Promise<void> {
  await sql('select count(*) from lock_clients(cast(:clients as text[]))', { clients: [...clients] });
}

async function lockStock(sql: Statement, { order, changes }: Change): Promise<void> {
  await sql(
    `select 1 from products join stock using (product_id)
     where sku = any(:skus) or product_id in (select product_id from order_lines where order_id = :changes)
     order by sku for update of stock`,
    { skus: order.items.map(({ sku }) => sku), changes },
  );
}

async function lockCodes(sql: Statement, { order, changes }: Change): Promise<void> {
  await sql(
    `select 1 from discount_codes
     where code = cast(:code as text) or code = (select discount_code from orders where order_id = :changes and uses_code)
     order by code for update`,
    { code: order.discountCode ?? null, changes },
  );
}

/** Cancels the changed order, and wakes its checkout, which makes sure that its session has ended. */
async function endChanged(sql: Statement, payment: LockedPayment, emailsPerDay: number): Promise<void> {
  const { orderId } = payment;
  await wakeCheckout(sql, orderId);
  if (payment.state !== 'expired') await movePayment(sql, payment, 'expired');
  await cancelOrder(sql, { orderId, reason: 'changed_by_shopper' }, { emailsPerDay });
}

async function wakeCheckout(sql: Statement, orderId: number): Promise<void> {
  const [waiting] = await sql<{ workflowId: string }>(
    `select workflow_id from due_work where workflow = 'resume-checkout' and id = :orderId`,
    { orderId },
  );
  if (!waiting) return;
  const { workflowId } = waiting;
  await sendToCheckout(sql, { workflowId, messageId: 'change', message: { cancel: true } });
}

/** Its page then names the order that took its place. */
async function recordSuccessor(sql: Statement, orderId: number, successor: number): Promise<void> {
  await sql(
    `insert into order_history (order_id, what, detail)
     values (:orderId, 'changed', jsonb_build_object('order', cast(:successor as bigint)))`,
    { orderId, successor },
  );
}
