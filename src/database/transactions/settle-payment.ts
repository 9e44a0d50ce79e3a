import { allowedFrom } from '../../domain/order.ts';
import { workingDaysAfter } from '../../domain/shipment.ts';
import type { Statement } from '../../shared/statement.ts';
import { enqueueCall, sendBindings, sendCall } from '../outbox.ts';
import { checkoutWorkflowId } from '../workflow-ids.ts';
import { removeOrderedProducts } from './carts.ts';
import { type LockedPayment, movePayment } from './lock-payment.ts';

/** A payment as it was read, and the event that reports that it was made. */
export interface ReportedPayment
  extends Pick<LockedPayment, 'orderId' | 'checkoutKey' | 'state' | 'sessionId'> {
  readonly transactionId: string;
  readonly event: { readonly id: string; readonly type: string; readonly body: string };
}

/** How paid orders leave the shop. */
export interface DispatchSettings {
  /** Seconds that a dispatch takes. */
  readonly dispatchSeconds: number;
  /** Working days within which an operator ships; undefined where the dispatch workflow does. */
  readonly shippingDays?: number | undefined;
}

/**
 * Settles a payment of a pending order, in one statement: records its event, makes the order paid, starts its dispatch and its
 * confirmation, and sends the waiting checkout its last message. Payment and order are locked first, in this order as everywhere.
 * @returns false when it did nothing: the payment or its order has changed since it was read, or the event is recorded already
 * @throws the error 23505 of Postgres when the charge has paid for another order; nothing is changed then
 */
export async function settlePayment(
  sql: Statement,
  reported: ReportedPayment,
  dispatch: DispatchSettings,
): Promise<boolean> {
  const { orderId, transactionId, event } = reported;
  const [paid] = await sql<Paid>(
    `with read as materialized (
       select order_id from payments
       where order_id = :orderId and state = :state and session_id is not distinct from :sessionId
         and not exists (select from payment_events where event_id = :eventId)
       for update
     ), pending as materialized (
       select orders.order_id from read join orders using (order_id) where status = any(:allowedFrom)
       for update of orders
     ), payment as (
       update payments set state = 'settled', transaction_id = :transactionId, updated_at = now()
       from pending where payments.order_id = pending.order_id
       returning payments.order_id
     ), event as (
       insert into payment_events (event_id, type, body, outcome, order_id)
       select :eventId, :eventType, cast(:body as jsonb), 'applied', order_id from payment
     ), ${markOrderPaid}
     select ${startNextWorkflows}, (${sendCall}) from paid`,
    {
      orderId,
      transactionId,
      state: reported.state,
      sessionId: reported.sessionId,
      eventId: event.id,
      eventType: event.type,
      body: event.body,
      ...dispatchBindings(dispatch),
      allowedFrom: [...allowedFrom.pay],
      ...sendBindings({
        workflowId: checkoutWorkflowId(reported.checkoutKey),
        messageId: event.id,
        message: { paid: true },
      }),
    },
  );
  if (paid) await removeFromCart(sql, orderId, paid);
  return paid !== undefined;
}

/**
 * Settles a locked payment with its charge, and makes its order paid.
 * @throws when the order is not pending, which the lock rules out
 */
export async function settleLockedPayment(
  sql: Statement,
  payment: LockedPayment,
  transactionId: string,
  dispatch: DispatchSettings,
): Promise<void> {
  const { orderId } = payment;
  await movePayment(sql, payment, 'settled', transactionId);
  if (!(await payOrder(sql, { orderId, transactionId, late: false }, dispatch))) {
    throw new Error(`Order ${orderId} holds a payment but is not pending.`);
  }
}

/**
 * Makes an order paid, removes the ordered products from its browser's cart, and starts its dispatch and its confirmation with
 * the same commit.
 * @returns false when the order's status does not allow it
 */
export async function payOrder(
  sql: Statement,
  order: { orderId: number; transactionId: string; late: boolean },
  dispatch: DispatchSettings,
): Promise<boolean> {
  const [paid] = await sql<Paid>(
    `with payment as (select cast(:orderId as bigint) as order_id), ${markOrderPaid}
     select ${startNextWorkflows} from paid`,
    {
      ...order,
      ...dispatchBindings(dispatch),
      allowedFrom: [...allowedFrom[order.late ? 'payLate' : 'pay']],
    },
  );
  if (paid) await removeFromCart(sql, order.orderId, paid);
  return paid !== undefined;
}

interface Paid {
  readonly browserId: string | null;
}

function dispatchBindings({ dispatchSeconds, shippingDays }: DispatchSettings) {
  if (shippingDays === undefined) return { fulfilment: 'automatic', dispatchSeconds };
  const now = new Date();
  const ms = workingDaysAfter(now, shippingDays).getTime() - now.getTime();
  return { fulfilment: 'manual', dispatchSeconds: ms / 1000 };
}

// Continues from `payment`, the order whose payment is made.
const markOrderPaid = `paid as (
    update orders set status = 'paid', reason = null, cancelled_at = null, paid_at = now(), fulfilment = :fulfilment,
      dispatch_due_at = now() + cast(:dispatchSeconds as double precision) * interval '1 second'
    from payment where orders.order_id = payment.order_id and status = any(:allowedFrom)
    returning orders.order_id, browser_id, email, fulfilment, dispatch_due_at
  ), history as (
    insert into order_history (order_id, what, detail)
    select order_id, 'paid', jsonb_build_object('transaction_id', cast(:transactionId as text)) from paid
  ), forgotten as (
    delete from holders using paid where holders.order_id = paid.order_id
  ), confirmation as (
    insert into emails (order_id, kind) select order_id, 'order_confirmed' from paid where email is not null
    on conflict on constraint emails_once do nothing
    returning email_id
  )`;

const startNextWorkflows = `browser_id,
  case when fulfilment = 'automatic' then ${enqueueCall('dispatch', 'paid.order_id', { dueAt: 'dispatch_due_at' })} end,
  (select ${enqueueCall('email', 'email_id')} from confirmation)`;

async function removeFromCart(sql: Statement, orderId: number, { browserId }: Paid): Promise<void> {
  if (browserId !== null) await removeOrderedProducts(sql, { browserId, orderId });
}
