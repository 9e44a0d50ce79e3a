import { allowedFrom } from '../../domain/order.ts';
import type { PaymentState } from '../../domain/payment.ts';
import type { Statement } from '../../shared/statement.ts';
import { enqueueCall, sendBindings, sendCall } from '../outbox.ts';
import { removeOrderedProducts } from './carts.ts';

/**
 * Makes an order paid, takes what was bought out of its browser's cart, and starts its dispatch and its confirmation with
 * the same commit.
 * @returns false when the order's status does not allow it
 */
export async function payOrder(
  sql: Statement,
  order: { orderId: number; transactionId: string; late: boolean },
  dispatchSeconds: number,
): Promise<boolean> {
  const [paid] = await sql<Paid>(
    `with payment as (select cast(:orderId as integer) as order_id), ${markOrderPaid}
     select ${startNextWorkflows} from paid`,
    { ...order, dispatchSeconds, allowedFrom: [...allowedFrom[order.late ? 'payLate' : 'pay']] },
  );
  if (paid) await removeFromCart(sql, order.orderId, paid);
  return paid !== undefined;
}

/** A payment as it was read, and the event that says that it was made. */
export interface ReportedPayment {
  readonly orderId: number;
  readonly checkoutKey: string;
  readonly state: PaymentState;
  readonly sessionId: string | null;
  readonly transactionId: string;
  readonly event: { readonly id: string; readonly type: string; readonly body: string };
}

/**
 * Settles a payment that was waiting: keeps its event, makes its order paid as `payOrder` does, and tells the checkout that waits
 * for it. One statement, which needs no lock before it: whatever else happens to a waiting payment changes its row, and then this does
 * nothing. (A payment that has expired may be cancelled without a change of its row, so it is not for here.)
 * @returns false when it did nothing
 * @throws what Postgres says when the charge has paid for another order; a division by zero, with nothing changed, if the payment
 *   waited and its order did not
 */
export async function settlePayment(
  sql: Statement,
  made: ReportedPayment,
  dispatchSeconds: number,
): Promise<boolean> {
  const { orderId, checkoutKey, transactionId, event } = made;
  const [paid] = await sql<Paid>(
    `with payment as (
       update payments set state = 'settled', transaction_id = :transactionId, updated_at = now()
       where order_id = :orderId and state = :state and session_id is not distinct from :sessionId
         and exists (select from orders where order_id = :orderId and status = any(:allowedFrom))
         and not exists (select from payment_events where event_id = :eventId)
       returning order_id
     ), event as (
       insert into payment_events (event_id, type, body, outcome, order_id)
       select :eventId, :eventType, cast(:body as jsonb), 'applied', order_id from payment
     ), ${markOrderPaid}
     select ${startNextWorkflows}, (${sendCall}), 1 / cast(paid.order_id is not null as integer) as whole
     from payment left join paid on paid.order_id = payment.order_id`,
    {
      orderId,
      transactionId,
      state: made.state,
      sessionId: made.sessionId,
      eventId: event.id,
      eventType: event.type,
      body: event.body,
      dispatchSeconds,
      allowedFrom: [...allowedFrom.pay],
      ...sendBindings({ checkoutKey, messageId: event.id, message: { paid: true } }),
    },
  );
  if (paid) await removeFromCart(sql, orderId, paid);
  return paid !== undefined;
}

interface Paid {
  readonly browserId: string | null;
}

// Goes on from `payment`, the order whose payment is made.
const markOrderPaid = `paid as (
    update orders set status = 'paid', reason = null, cancelled_at = null, paid_at = now(),
      dispatch_due_at = now() + cast(:dispatchSeconds as double precision) * interval '1 second'
    from payment where orders.order_id = payment.order_id and status = any(:allowedFrom)
    returning orders.order_id, browser_id, email, dispatch_due_at
  ), history as (
    insert into order_history (order_id, what, detail)
    select order_id, 'paid', jsonb_build_object('transaction_id', cast(:transactionId as text)) from paid
  ), confirmation as (
    insert into emails (order_id, kind) select order_id, 'order_confirmed' from paid where email is not null
    on conflict on constraint emails_once do nothing
    returning email_id
  )`;

const startNextWorkflows = `browser_id, ${enqueueCall('dispatch', 'paid.order_id', { dueAt: 'dispatch_due_at' })},
  (select ${enqueueCall('email', 'email_id')} from confirmation)`;

async function removeFromCart(sql: Statement, orderId: number, { browserId }: Paid): Promise<void> {
  if (browserId !== null) await removeOrderedProducts(sql, { browserId, orderId });
}
