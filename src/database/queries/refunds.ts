import type { Database } from '../connection.ts';
import type { RefundRow } from '../tables.ts';

/** A refund with what is said of its order: the currency, and the unguessable part of its address. */
export type RefundOfOrder = RefundRow & { currency: string; token: string };

/** One refund by its number, as it stands. */
export function findRefund(database: Database, refundId: number): Promise<RefundOfOrder | undefined> {
  return database('refunds')
    .join('orders', 'orders.order_id', 'refunds.order_id')
    .where('refund_id', refundId)
    .first<RefundOfOrder | undefined>('refunds.*', 'currency', 'token');
}
