import { allowedFrom } from '../../domain/order.ts';
import { isLatePaymentWanted } from '../../domain/payment.ts';
import type { Statement } from '../../shared/statement.ts';
import { erasedHash } from '../queries/personal-data.ts';
import { takeUseAgain } from './discount-uses.ts';
import { type LockedPayment, movePayment } from './lock-payment.ts';
import { promiseRefund } from './refund-order.ts';
import { releaseStock, reserveStockAgain } from './release-stock.ts';
import { type DispatchSettings, payOrder } from './settle-payment.ts';

/** Settles a payment of a cancelled order: reserves its units again, or promises a full refund. */
export async function settleLatePayment(
  sql: Statement,
  known: LockedPayment,
  transactionId: string,
  dispatch: DispatchSettings,
): Promise<void> {
  const { orderId } = known;
  await sql(`insert into order_history (order_id, what) values (:orderId, 'paid_late')`, { orderId });
  if (isLatePaymentWanted(known.cancelReason) && (await reserveAgain(sql, orderId))) {
    await movePayment(sql, known, 'settled', transactionId);
    if (await payOrder(sql, { orderId, transactionId, late: true }, dispatch)) return;
    throw new Error(`Order ${orderId} is reserved again but was not cancelled.`);
  }
  const paid = await sql(
    `with charged as (
       update payments set transaction_id = :transactionId where order_id = :orderId and state = :state returning order_id
     ), forgotten as (
       delete from holders using charged where holders.order_id = charged.order_id
     )
     update orders set paid_at = now() from charged
     where orders.order_id = charged.order_id and status = any(:allowedFrom) returning orders.order_id`,
    { orderId, transactionId, state: known.state, allowedFrom: [...allowedFrom.payLate] },
  );
  if (paid.length !== 1) throw new Error(`Order ${orderId} was not cancelled.`);
  await promiseRefund(sql, known, {
    amountCents: known.amountCents,
    back: null,
    parts: null,
    reason: 'late_payment',
    actor: 'shop',
    // Operators' keys have no space, so this one is free.
    requestKey: `late ${orderId}`,
  });
}

/**
 * Reserves the units of a cancelled order and its use of a code once more: both or none. An order that was erased gets none: nobody knows where
 * it would go. The caller's lock keeps an erasure away.
 */
async function reserveAgain(sql: Statement, orderId: number): Promise<boolean> {
  const known = await sql('select from orders where order_id = :orderId and request_hash <> :erasedHash', {
    orderId,
    erasedHash,
  });
  if (known.length === 0) return false;
  if (!(await reserveStockAgain(sql, orderId))) return false;
  if (await takeUseAgain(sql, orderId)) return true;
  await releaseStock(sql, orderId);
  return false;
}
