import { DBOS } from '@dbos-inc/dbos-sdk';
import { concludePayment, readAwaitedPayment } from '../database/transactions/payments.ts';
import type { WorkflowName } from '../database/workflow-ids.ts';
import { maxRecoveryAttempts } from './engine.ts';
import { type FollowingSettings, followPayment } from './follow-payment.ts';
import { orPark } from './park.ts';

/**
 * Registers the workflow that takes up an order whose checkout workflow is gone or failed: its waiting for the payment
 * and what follows, for a customer may have paid meanwhile.
 */
export function registerResumeCheckout(settings: FollowingSettings): void {
  DBOS.registerWorkflow(
    (orderId: number) =>
      orPark({ kind: 'checkout_failed', subject: String(orderId), orderId }, () => resume(settings, orderId)),
    { name: 'resume-checkout' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

async function resume(settings: FollowingSettings, orderId: number): Promise<'paid' | 'cancelled'> {
  const order = await readAwaitedPayment(orderId);
  // Without a session on record nobody was given an address to pay at.
  const sessionEnded = order === null ? 'payment_unavailable' : null;
  const conclusion = await concludePayment({ orderId, sessionEnded }, settings.dispatchSeconds);
  if (conclusion !== 'waiting' || order === null) return conclusion === 'paid' ? 'paid' : 'cancelled';
  return followPayment(settings, order, 'by_itself');
}
