import { DBOS } from '@dbos-inc/dbos-sdk';
import { settleOrCancel } from '../database/transactions/settle-or-cancel.ts';
import { checkoutWorkflowId } from '../database/workflow-ids.ts';
import type { Placement } from '../domain/order.ts';
import { checkoutFailure, needsAttention, orSendToAttention, sendToAttention } from './attention.ts';
import { awaitPayment, type PaymentSettings } from './await-payment.ts';
import { maxRecoveryAttempts } from './engine.ts';
import { type OpenedCheckout, type OpeningSettings, openCheckout } from './open-checkout.ts';

/** The settings of a checkout. */
export interface CheckoutSettings extends OpeningSettings, PaymentSettings {}

/** A checkout, and the HTTP request that asked for it first. */
export interface CheckoutInput extends Placement {
  /** The workflow version: which sequence of steps it follows (decision 13). */
  readonly version: 1;
}

/** Starts the durable checkout of a key. A second start of a key changes nothing. */
export type StartCheckoutWorkflow = (input: CheckoutInput) => Promise<void>;

/** How a checkout ended, as in the saga tutorial; the order's own rows have the details. */
interface CheckoutResult {
  readonly status: 'completed' | 'failed' | 'needs_attention';
}

/**
 * Registers the checkout: stock is held exactly while the order waits for its payment, and the order is paid exactly when the
 * provider says so. The payment row decides; messages only wake.
 *
 * The sequence of steps is a contract with the orders in flight: another sequence needs another version (decision 13).
 */
export function registerCheckout(settings: CheckoutSettings): StartCheckoutWorkflow {
  const checkout = async (input: CheckoutInput): Promise<CheckoutResult> => {
    // 1. Price the lines, reserve all or none, and insert the order. Open its payment session and record it. Answer the request.
    const opened = await openCheckout(settings, input);
    if (opened.outcome === 'not_placed') return { status: 'failed' };
    if (opened.outcome === 'not_recorded') {
      await sendToAttention({
        ...checkoutFailure(opened.orderId),
        reason: { code: 'workflow_failed', error: opened.error },
      });
      return { status: needsAttention };
    }
    const end = await orSendToAttention(checkoutFailure(opened.order.orderId), () =>
      awaitOutcome(settings, input.order.checkoutKey, opened),
    );
    if (end === needsAttention) return { status: end };
    return { status: end === 'paid' ? 'completed' : 'failed' };
  };
  const workflow = DBOS.registerWorkflow(checkout, { name: 'checkout', maxRecoveryAttempts });
  return async (input) => {
    await DBOS.startWorkflow(workflow, { workflowID: checkoutWorkflowId(input.order.checkoutKey) })(input);
  };
}

async function awaitOutcome(
  settings: CheckoutSettings,
  checkoutKey: string,
  { order, session }: Extract<OpenedCheckout, { outcome: 'opened' }>,
): Promise<'paid' | 'cancelled'> {
  const { orderId, totalCents: amountCents, currency, holdExpiresAt } = order;
  if ('refused' in session) {
    // 2. Without a session nobody can pay: cancel the order and release its stock.
    const outcome = await settleOrCancel({ orderId, sessionEnded: 'payment_unavailable' }, settings);
    settings.answers.notify(checkoutKey);
    return outcome === 'paid' ? 'paid' : 'cancelled';
  }
  // 2. Wait for the payment. The webhook's transaction makes the order paid and starts its dispatch (transactions/settle-payment.ts);
  //    its message ends this workflow.
  // 3. When the hold expires or the shopper cancels, end the session at the provider first.
  // 4. Then settle the payment, or cancel the order and release its stock (transactions/settle-or-cancel.ts).
  return awaitPayment(
    settings,
    { orderId, sessionId: session.sessionId, amountCents, currency, holdExpiresAt },
    'notified',
  );
}
