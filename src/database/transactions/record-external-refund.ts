import { isRestockedByDefault } from '../../domain/refund.ts';
import type { Statement } from '../../shared/statement.ts';
import { transaction } from '../transaction.ts';
import { type LockedPayment, lockPayment } from './lock-payment.ts';
import { countRefund, finishRefund, insertRefund } from './refund-order.ts';
import { returnStock } from './release-stock.ts';

const external = { reason: 'external_refund', actor: 'provider' } as const;

/** Writes down what somebody paid back at the provider without us (docs/PAYMENTS.md), in the caller's transaction. */
export async function recordExternalRefund(
  sql: Statement,
  payment: LockedPayment,
  refund: { eventId: string; amountCents: number },
): Promise<void> {
  const { orderId } = payment;
  const full = payment.refundedCents + refund.amountCents === payment.amountCents;
  if (isRestockedByDefault(payment.orderStatus, full)) await returnStock(sql, orderId);
  await countRefund(sql, payment, refund.amountCents);
  // No key of an operator's has a space in it, so none is taken already.
  const requestKey = `event ${refund.eventId}`;
  const made = { ...external, amountCents: refund.amountCents, requestKey };
  await finishRefund(sql, await insertRefund(sql, orderId, made, 'made'));
}

/**
 * Everything was promised back, and the provider has less left than we asked for: what is missing was paid back without us. It
 * gets a refund of its own, and ours shrinks to what is left.
 * @returns false when only a part was promised; then a person decides what was meant
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
    // No key of an operator's has a space in it, so it is not taken already.
    const requestKey = `beside refund ${refundId}`;
    const missing = { ...external, amountCents: shrunk.missing, requestKey };
    await finishRefund(sql, await insertRefund(sql, orderId, missing, 'made'));
    return true;
  },
);
