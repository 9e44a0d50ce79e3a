import { isRestockedByDefault } from '../../domain/refund.ts';
import type { Statement } from '../../shared/statement.ts';
import { transaction } from '../transaction.ts';
import { type LockedPayment, lockPayment } from './lock-payment.ts';
import { countRefund, finishRefund, insertRefund } from './refund-order.ts';
import { returnStock } from './release-stock.ts';

/** Records an external refund, which somebody made at the provider (docs/PAYMENTS.md), in the caller's transaction. */
export async function recordExternalRefund(
  sql: Statement,
  payment: LockedPayment,
  refund: { eventId: string; amountCents: number },
): Promise<void> {
  const { orderId } = payment;
  const full = payment.refundedCents + refund.amountCents === payment.amountCents;
  if (isRestockedByDefault(payment.orderStatus, full)) await returnStock(sql, orderId, 'left');
  await countRefund(sql, payment, refund.amountCents);
  await insertExternalRefund(sql, orderId, refund.amountCents, `event ${refund.eventId}`);
}

// Operators' request keys have no space, so these are free.
async function insertExternalRefund(
  sql: Statement,
  orderId: number,
  amountCents: number,
  requestKey: string,
) {
  const refund = { reason: 'external_refund', actor: 'provider', amountCents, requestKey } as const;
  await finishRefund(sql, await insertRefund(sql, orderId, refund, 'made'));
}

/**
 * Shrinks a refund of the whole payment to the rest that the provider has left of the charge. The missing amount was refunded
 * externally, and is recorded as a refund of its own.
 * @returns false when the payment is not refunded in full; a person has to decide then
 */
export const shrinkRefund = transaction(
  'shrinkRefund',
  async (sql, refund: { orderId: number; refundId: number; leftCents: number }): Promise<boolean> => {
    const { orderId, refundId, leftCents } = refund;
    const payment = await lockPayment(sql, orderId);
    if (payment?.state !== 'refund_due') return false;
    const [shrunk] = await sql<{ missing: number }>(
      `update refunds set amount_cents = :leftCents
       from (select refund_id, amount_cents as promised from refunds where refund_id = :refundId) as before
       where refunds.refund_id = before.refund_id and state = 'due' and promised > :leftCents
       returning promised - amount_cents as missing`,
      { refundId, leftCents },
    );
    if (!shrunk) return false;
    await insertExternalRefund(sql, orderId, shrunk.missing, `beside refund ${refundId}`);
    return true;
  },
);
