import { DBOS } from '@dbos-inc/dbos-sdk';
import { settleOrCancel, readAwaitedPayment } from '../database/transactions/settle-or-cancel.ts';
import type { WorkflowName } from '../database/workflow-ids.ts';
import { maxRecoveryAttempts } from './engine.ts';
import { type PaymentSettings, awaitPayment } from './await-payment.ts';
import { orSendToAttention } from './attention.ts';

/**
 * Registers the workflow that takes up an order whose checkout workflow is gone or failed: its waiting for the payment
 * and what follows, for a customer may have paid meanwhile.
 */
export function registerResumeCheckout(settings: PaymentSettings): void {
  DBOS.registerWorkflow(
    (orderId: number) =>
      orSendToAttention({ kind: 'checkout_failed', subject: String(orderId), orderId }, () => resume(settings, orderId)),
    { name: 'resume-checkout' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

async function resume(settings: PaymentSettings, orderId: number): Promise<'paid' | 'cancelled'> {
  const order = await readAwaitedPayment(orderId);
  // Without a session on record nobody was given an address to pay at.
  const sessionEnded = order === null ? 'payment_unavailable' : null;
  const conclusion = await settleOrCancel({ orderId, sessionEnded }, settings.dispatchSeconds);
  if (conclusion !== 'waiting' || order === null) return conclusion === 'paid' ? 'paid' : 'cancelled';
  return awaitPayment(settings, order, 'by_itself');
}
