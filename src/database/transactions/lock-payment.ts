import { type CancelReason, correlationTokenOf } from '../../domain/order.ts';
import type { KnownPayment, PaymentState } from '../../domain/payment.ts';
import type { Statement } from '../../shared/statement.ts';

/** A payment and its order. `lockPayment` keeps both locked until the transaction ends. */
export interface LockedPayment extends Omit<KnownPayment, 'live'> {
  readonly orderId: number;
  readonly checkoutKey: string;
  readonly browserId: string | null;
  readonly cancelReason: CancelReason | null;
  readonly holdExpired: boolean;
}

/** Locks the payment of an order and the order itself. Without the second lock, the order's status could be an old one. */
export function lockPayment(sql: Statement, orderId: number): Promise<LockedPayment | undefined> {
  return readPayment(sql, orderId, 'for update of payments, orders');
}

/** Reads the payment of an order; without a lock it may change before the caller acts on it. */
export async function readPayment(
  sql: Statement,
  orderId: number,
  lock: 'for update of payments, orders' | '' = '',
): Promise<LockedPayment | undefined> {
  const [payment] = await sql<Omit<LockedPayment, 'correlationToken'> & { token: string }>(
    `select order_id, checkout_key, browser_id, token, state, session_id, transaction_id, amount_cents,
            refunded_cents, payments.currency, status as order_status, reason as cancel_reason,
            hold_expires_at <= now() as hold_expired
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
