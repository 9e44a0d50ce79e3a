import { type CancelReason, correlationTokenOf } from '../../domain/order.ts';
import { decidePayment, type KnownPayment, type PaymentState } from '../../domain/payment.ts';
import type { Statement } from '../../shared/statement.ts';
import type { OrderWithPayment } from '../queries/orders.ts';
import { orderColumns } from '../tables.ts';
import { transaction } from '../transaction.ts';
import { cancelOrder } from './cancel-order.ts';
import { payOrder } from './settle-payment.ts';

/**
 * Step 3 of the checkout story: the session is on record. An event may have come before it and is not undone; recorded again
 * it changes nothing.
 * @returns the order; undefined when another session is on record for it, or it was given up meanwhile
 */
export async function recordSession(
  sql: Statement,
  session: { orderId: number; sessionId: string; url: string },
): Promise<OrderWithPayment | undefined> {
  const [order] = await sql<OrderWithPayment>(
    `with opened as (
       update payments
       set state = case state when 'creating' then 'open' else state end,
           session_id = :sessionId, url = :url, updated_at = now()
       where order_id = :orderId and (session_id = :sessionId or session_id is null and state <> 'expired')
       returning order_id, state, session_id, url, refunded_cents
     ), history as (
       insert into order_history (order_id, what) select order_id, 'payment_opened' from opened
       where not exists (select from order_history where order_id = :orderId and what = 'payment_opened')
     )
     select ${orderColumns}, opened.state as payment_state, session_id, opened.url as payment_url, refunded_cents
     from opened join orders using (order_id)`,
    session,
  );
  return order;
}

/** How a payment ended for its order; `waiting` when it has not. */
export type PaymentOutcome = 'paid' | 'cancelled' | 'waiting';

/**
 * Steps 5 and 6: reads the payment under its lock and does what it says. Paid: the order is paid and its dispatch and
 * confirmation start with this commit. Ended: the order is cancelled and its units are released. Otherwise nothing.
 * With `sessionEnded`, the reason for it, the provider has confirmed that nobody can pay any more; a payment that won the
 * race still wins. `isUnwanted`: the shopper has said that the order is to be cancelled.
 */
export const settleOrCancel = transaction(
  'concludePayment',
  async (
    sql,
    order: { orderId: number; sessionEnded: CancelReason | null; isUnwanted?: boolean },
    dispatchSeconds: number,
  ): Promise<PaymentOutcome> => {
    const payment = await lockPayment(sql, order.orderId);
    if (!payment) throw new Error(`Order ${order.orderId} has no payment.`);
    switch (decidePayment(payment, order.sessionEnded !== null)) {
      case 'wait':
        return 'waiting';
      case 'settle':
        await settle(sql, payment, payment.transactionId ?? '', dispatchSeconds);
        return 'paid';
      case 'cancel':
        await cancel(sql, payment, order.isUnwanted ? 'cancelled_by_shopper' : order.sessionEnded);
        return 'cancelled';
      case 'nothing':
        return payment.orderStatus === 'cancelled' ? 'cancelled' : 'paid';
    }
  },
);

/**
 * Settles a locked payment with its charge, and makes its order paid.
 * @throws when the order is not pending, which the lock rules out
 */
export async function settle(
  sql: Statement,
  payment: LockedPayment,
  transactionId: string,
  dispatchSeconds: number,
): Promise<void> {
  const { orderId } = payment;
  await movePayment(sql, payment, 'settled', transactionId);
  if (!(await payOrder(sql, { orderId, transactionId, late: false }, dispatchSeconds))) {
    throw new Error(`Order ${orderId} holds a payment but is not pending.`);
  }
}

async function cancel(
  sql: Statement,
  payment: LockedPayment,
  sessionEnded: CancelReason | null,
): Promise<void> {
  const { orderId, holdOver } = payment;
  if (payment.state !== 'expired') await movePayment(sql, payment, 'expired');
  const reason = sessionEnded ?? (holdOver ? 'hold_expired' : 'payment_ended');
  await cancelOrder(sql, { orderId, reason });
}

/**
 * Step 5, when the provider says that the session was paid although no event told us. What was paid back since is kept as the
 * event that would have told of it, so that it is placed like any other before the goods leave.
 */
export const recordPaidSession = transaction(
  'recordPaid',
  async (sql, paid: { orderId: number; transactionId: string; refundEvent: unknown }): Promise<void> => {
    const payment = await lockPayment(sql, paid.orderId);
    if (payment?.orderStatus !== 'pending') return;
    if (['creating', 'open', 'expired'].includes(payment.state)) {
      await movePayment(sql, payment, 'paid', paid.transactionId);
    }
    if (paid.refundEvent) {
      await sql(
        `insert into payment_events (event_id, type, body, outcome, order_id)
         select body ->> 'id', body ->> 'type', body, 'too_early', :orderId
         from cast(:event as jsonb) as body on conflict (event_id) do nothing`,
        { orderId: paid.orderId, event: JSON.stringify(paid.refundEvent) },
      );
    }
  },
);

/** A payment and its order. */
export interface PaymentOfOrder extends Omit<KnownPayment, 'live'> {
  readonly orderId: number;
  readonly checkoutKey: string;
  readonly browserId: string | null;
  readonly cancelReason: CancelReason | null;
  readonly holdOver: boolean;
}

/** The same, both locked until the transaction ends. */
export type LockedPayment = PaymentOfOrder;

/** Locks the payment of an order, and the order: a status read beside a lock on the payment alone could be an old one. */
export function lockPayment(sql: Statement, orderId: number): Promise<LockedPayment | undefined> {
  return readPayment(sql, orderId, 'for update of payments, orders');
}

/** The payment of an order as it stands; it may change before it is acted upon. */
export async function readPayment(
  sql: Statement,
  orderId: number,
  lock: 'for update of payments, orders' | '' = '',
): Promise<PaymentOfOrder | undefined> {
  const [payment] = await sql<Omit<PaymentOfOrder, 'correlationToken'> & { token: string }>(
    `select order_id, checkout_key, browser_id, token, state,
            session_id, transaction_id, amount_cents,
            refunded_cents, payments.currency, status as order_status,
            reason as cancel_reason, hold_expires_at <= now() as hold_over
     from payments join orders using (order_id) where order_id = :orderId ${lock}`,
    { orderId },
  );
  return payment && { ...payment, correlationToken: correlationTokenOf(payment.token) };
}

/**
 * Moves a locked payment to its next state, by compare-and-set.
 * @param transactionId the charge, when it becomes known with this move
 * @throws when the payment is not in the state that it was read in, which a lock rules out
 */
export async function movePayment(
  sql: Statement,
  payment: Pick<LockedPayment, 'orderId' | 'state'>,
  to: PaymentState,
  transactionId: string | null = null,
): Promise<void> {
  const moved = await sql(
    `update payments set state = :to, transaction_id = coalesce(:transactionId, transaction_id), updated_at = now()
     where order_id = :orderId and state = :from returning order_id`,
    { orderId: payment.orderId, from: payment.state, to, transactionId },
  );
  if (moved.length !== 1)
    throw new Error(`The payment of order ${payment.orderId} was not ${payment.state}.`);
}

/** A payment that a checkout waits for. Times in milliseconds since 1970. */
export interface AwaitedPayment {
  readonly orderId: number;
  readonly sessionId: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly holdExpiresAt: number;
}

/** The first step of a resumed checkout: the session that was opened for the order; null when none is on record. */
export const readAwaitedPayment = transaction(
  'readAwaitedPayment',
  async (sql, orderId: number): Promise<AwaitedPayment | null> => {
    const [order] = await sql<AwaitedPayment>(
      `select order_id, session_id, amount_cents, payments.currency,
              cast(extract(epoch from hold_expires_at) * 1000 as double precision) as hold_expires_at
       from payments join orders using (order_id) where order_id = :orderId and session_id is not null`,
      { orderId },
    );
    return order ?? null;
  },
);
