import type { CancelReason } from '../../domain/order.ts';
import { cancelReasonOf, decidePayment } from '../../domain/payment.ts';
import { transaction } from '../transaction.ts';
import { cancelOrder } from './cancel-order.ts';
import { lockPayment, movePayment } from './lock-payment.ts';
import { type DispatchSettings, settleLockedPayment } from './settle-payment.ts';

/** The settings of ending a checkout. */
export interface EndSettings extends DispatchSettings {
  /** Messages about unpaid orders that one e-mail address gets within a day. */
  readonly emailsPerDay: number;
}

/** How a payment ended for its order; `waiting` when it has not. */
export type PaymentOutcome = 'paid' | 'cancelled' | 'waiting';

/**
 * Reads the payment under its lock and acts on it. Paid: the order becomes paid, and its dispatch and confirmation start with
 * this commit. Ended: the order is cancelled and its stock is released, unless its shopper changes it. Otherwise nothing changes.
 * @param order.sessionEnded the reason why the provider ended the session, so that nobody can pay any more; null while somebody
 *   can. A payment that was faster still wins.
 * @throws when the order has no payment
 */
export const settleOrCancel = transaction(
  'settleOrCancel',
  async (
    sql,
    order: { orderId: number; sessionEnded: CancelReason | null },
    settings: EndSettings,
  ): Promise<PaymentOutcome> => {
    const payment = await lockPayment(sql, order.orderId);
    if (!payment) throw new Error(`Order ${order.orderId} has no payment.`);
    switch (decidePayment(payment, order.sessionEnded !== null)) {
      case 'wait':
        return 'waiting';
      case 'settle':
        await settleLockedPayment(sql, payment, payment.transactionId ?? '', settings);
        return 'paid';
      case 'cancel': {
        if (payment.state !== 'expired') await movePayment(sql, payment, 'expired');
        const reason = cancelReasonOf(payment, order.sessionEnded);
        return (await cancelOrder(sql, { orderId: order.orderId, reason }, settings))
          ? 'cancelled'
          : 'waiting';
      }
      case 'nothing':
        return payment.orderStatus === 'cancelled' ? 'cancelled' : 'paid';
    }
  },
);
