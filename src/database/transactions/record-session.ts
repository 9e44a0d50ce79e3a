import { isUnpaid } from '../../domain/payment.ts';
import type { Statement } from '../../shared/statement.ts';
import type { OrderWithPayment } from '../queries/orders.ts';
import { orderColumns } from '../tables.ts';
import { transaction } from '../transaction.ts';
import { lockPayment, movePayment } from './lock-payment.ts';

/**
 * Records the payment session of an order. An event that came earlier is not undone, and recording again changes nothing.
 * @returns the order; undefined when another session is recorded for it, or when it was cancelled meanwhile
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

/**
 * Records a payment that the provider confirms although no event reported it. A refund found at the provider is recorded as a
 * deferred event, and applied like any other event before dispatch.
 */
export const recordPaidSession = transaction(
  'recordPaidSession',
  async (sql, paid: { orderId: number; transactionId: string; refundEvent: unknown }): Promise<void> => {
    const payment = await lockPayment(sql, paid.orderId);
    if (payment?.orderStatus !== 'pending') return;
    if (isUnpaid(payment.state)) {
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

/** A payment that a checkout waits for. Times in milliseconds since 1970. */
export interface AwaitedPayment {
  readonly orderId: number;
  readonly sessionId: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly holdExpiresAt: number;
}

/**
 * Reads the session of an order, the first step of a resumed checkout; null when none is recorded. The hold of an order that its
 * shopper wants to cancel is over.
 */
export const readAwaitedPayment = transaction(
  'readAwaitedPayment',
  async (sql, orderId: number): Promise<AwaitedPayment | null> => {
    const [order] = await sql<AwaitedPayment>(
      `select order_id, session_id, amount_cents, payments.currency,
              case when exists (
                select from order_history where order_history.order_id = orders.order_id and what = 'cancel_asked'
              ) then 0 else cast(extract(epoch from hold_expires_at) * 1000 as double precision) end as hold_expires_at
       from payments join orders using (order_id) where order_id = :orderId and session_id is not null`,
      { orderId },
    );
    return order ?? null;
  },
);
