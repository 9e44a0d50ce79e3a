import { allowedFrom } from '../../domain/order.ts';
import { judge, type KnownPayment, type PaymentEvent, type PaymentState } from '../../domain/payment.ts';
import type { Database } from '../connection.ts';
import { enqueueWorkflow, sendMessage } from '../outbox.ts';
import { outboxTransaction, type Statement } from '../statement.ts';
import { transaction } from '../transaction.ts';
import { cancelOrder } from './orders.ts';

/** Step 3 of the checkout story: the session is on record. An event may have come before it and is not undone. */
export const recordSession = transaction(
  'recordSession',
  async (sql, session: { orderId: number; sessionId: string; url: string }): Promise<void> => {
    await sql(
      `with opened as (
         update payments
         set state = case state when 'creating' then 'open' else state end,
             session_id = :sessionId, url = :url, updated_at = now()
         where order_id = :orderId and (session_id is null or session_id = :sessionId)
         returning order_id
       )
       insert into order_history (order_id, what) select order_id, 'payment_opened' from opened`,
      session,
    );
  },
);

/** How a payment ended for its order; `waiting` when it has not. */
export type Conclusion = 'paid' | 'cancelled' | 'waiting';

/** The dispatch that a paid order starts. */
export interface DispatchPlan {
  readonly workflowName: string;
  readonly workflowId: string;
  readonly queue: string;
  readonly delaySeconds: number;
}

/**
 * Steps 5 and 6: reads the payment under its lock and does what it says. Paid: the order is paid and its dispatch
 * starts with this commit. Ended: the order is cancelled and its units are released. Otherwise nothing.
 * With `sessionEnded` the provider has confirmed that nobody can pay any more; a payment that won the race still wins.
 */
export const concludePayment = transaction(
  'concludePayment',
  async (
    sql,
    order: { orderId: number; sessionEnded: 'hold_expired' | 'payment_unavailable' | null },
    dispatch: DispatchPlan,
  ): Promise<Conclusion> => {
    const payment = await lockPayment(sql, order.orderId);
    if (!payment) throw new Error(`Order ${order.orderId} has no payment.`);
    switch (payment.state) {
      case 'paid':
        return settle(sql, order.orderId, dispatch);
      case 'creating':
      case 'open':
        if (order.sessionEnded === null) return 'waiting';
        await movePayment(sql, order.orderId, { from: payment.state, to: 'expired', transactionId: null });
        await cancelOrder(sql, order.orderId, payment.holdOver ? 'hold_expired' : order.sessionEnded);
        return 'cancelled';
      case 'expired':
        await cancelOrder(sql, order.orderId, payment.holdOver ? 'hold_expired' : 'payment_ended');
        return 'cancelled';
      case 'settled':
      case 'refund_due':
      case 'refunded':
        return payment.orderStatus === 'cancelled' ? 'cancelled' : 'paid';
    }
  },
);

/** Step 5, when the provider says that the session was paid although no event told us. */
export const recordPaid = transaction(
  'recordPaid',
  async (sql, payment: { orderId: number; transactionId: string }): Promise<void> => {
    await sql(
      `update payments set state = 'paid', transaction_id = :transactionId, updated_at = now()
       where order_id = :orderId and state in ('creating', 'open', 'expired')`,
      payment,
    );
  },
);

async function settle(sql: Statement, orderId: number, dispatch: DispatchPlan): Promise<Conclusion> {
  const paid = await sql(
    `with settled as (
       update payments set state = 'settled', updated_at = now()
       where order_id = :orderId and state = 'paid' returning order_id, transaction_id
     ), paid as (
       update orders set status = 'paid', paid_at = now(),
         dispatch_due_at = now() + cast(:delaySeconds as double precision) * interval '1 second'
       from settled where orders.order_id = settled.order_id and status = any(:allowedFrom)
       returning orders.order_id, transaction_id
     )
     insert into order_history (order_id, what, detail)
     select order_id, 'paid', jsonb_build_object('transaction_id', transaction_id) from paid
     returning order_id`,
    { orderId, delaySeconds: dispatch.delaySeconds, allowedFrom: [...allowedFrom.pay] },
  );
  if (paid.length !== 1) throw new Error(`Order ${orderId} holds a payment but is not pending.`);
  await enqueueWorkflow(sql, {
    name: dispatch.workflowName,
    id: dispatch.workflowId,
    queue: dispatch.queue,
    argument: orderId,
    delaySeconds: dispatch.delaySeconds,
  });
  return 'paid';
}

/** Where to send the word that a payment changed: the topic, and the workflow of a checkout key. */
export interface PaymentSignal {
  readonly topic: string;
  readonly workflowIdOf: (checkoutKey: string) => string;
}

/**
 * The webhook's transaction (DESIGN §7): the event is kept once, the payment moves if it should, and the waiting
 * workflow is woken, all in one commit. What it cannot place is kept too, never refused.
 * @returns what became of the event; `known` when it had come before.
 */
export function receivePaymentEvent(database: Database, event: PaymentEvent, signal: PaymentSignal) {
  return outboxTransaction(database, async (sql) => {
    const known = event.orderId === null ? undefined : await lockPayment(sql, event.orderId);
    const verdict = judge(event, known);
    const [kept] = await sql(
      `insert into payment_events (event_id, type, body, outcome, order_id)
       values (:id, :type, cast(:body as jsonb), :outcome, :orderId)
       on conflict (event_id) do nothing returning event_id`,
      {
        id: event.id,
        type: event.type,
        // What changes nothing may hold a shopper's name and address: only that it came is kept.
        body: JSON.stringify(verdict.outcome === 'ignored' ? {} : event.body),
        outcome: verdict.outcome,
        orderId: known?.orderId ?? null,
      },
    );
    if (!kept) return 'known';
    if (verdict.outcome === 'late') {
      await sql(`insert into order_history (order_id, what) values (:orderId, 'paid_late')`, {
        orderId: event.orderId,
      });
    }
    if (known && verdict.nextState) {
      await movePayment(sql, known.orderId, {
        from: known.state,
        to: verdict.nextState,
        transactionId: event.transactionId,
      });
      if (known.orderStatus === 'pending') {
        const workflowId = signal.workflowIdOf(known.checkoutKey);
        await sendMessage(sql, { workflowId, topic: signal.topic, messageId: event.id });
      }
    }
    return verdict.outcome;
  });
}

interface LockedPayment extends KnownPayment {
  readonly orderId: number;
  readonly checkoutKey: string;
  readonly holdOver: boolean;
}

// Both rows: a status read beside a lock on the payment alone would be the one from before the wait.
async function lockPayment(sql: Statement, orderId: number): Promise<LockedPayment | undefined> {
  const [payment] = await sql<LockedPayment>(
    `select order_id as "orderId", checkout_key as "checkoutKey", state, session_id as "sessionId",
            amount_cents as "amountCents", payments.currency, status as "orderStatus",
            hold_expires_at <= now() as "holdOver"
     from payments join orders using (order_id) where order_id = :orderId for update of payments, orders`,
    { orderId },
  );
  return payment;
}

async function movePayment(
  sql: Statement,
  orderId: number,
  move: { from: PaymentState; to: PaymentState; transactionId: string | null },
): Promise<void> {
  await sql(
    `update payments set state = :to, transaction_id = coalesce(:transactionId, transaction_id), updated_at = now()
     where order_id = :orderId and state = :from`,
    { orderId, ...move },
  );
}
