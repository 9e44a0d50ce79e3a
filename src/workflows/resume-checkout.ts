import { DBOS } from '@dbos-inc/dbos-sdk';
import { readAwaitedPayment } from '../database/transactions/record-session.ts';
import { settleOrCancel } from '../database/transactions/settle-or-cancel.ts';
import type { WorkflowName } from '../database/workflow-ids.ts';
import { checkoutFailure, orSendToAttention } from './attention.ts';
import { awaitPayment, type PaymentSettings } from './await-payment.ts';
import { maxRecoveryAttempts } from './engine.ts';

/**
 * Registers the workflow that continues an order whose checkout workflow is missing or failed: it waits for the payment and
 * settles or cancels, because a customer may have paid meanwhile.
 */
export function registerResumeCheckout(settings: PaymentSettings): void {
  DBOS.registerWorkflow(
    (orderId: number) => orSendToAttention(checkoutFailure(orderId), () => resume(settings, orderId)),
    { name: 'resume-checkout' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

async function resume(settings: PaymentSettings, orderId: number): Promise<'paid' | 'cancelled'> {
  const order = await readAwaitedPayment(orderId);
  // Without a recorded session nobody got an address to pay at.
  const sessionEnded = order === null ? 'payment_unavailable' : null;
  const outcome = await settleOrCancel({ orderId, sessionEnded }, settings);
  if (outcome !== 'waiting' || order === null) return outcome === 'paid' ? 'paid' : 'cancelled';
  return awaitPayment(settings, order, 'deadline');
}
