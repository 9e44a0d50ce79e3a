import { DBOS } from '@dbos-inc/dbos-sdk';
import type { PlacedOrder, Placement } from '../database/transactions/place-order.ts';
import { settleOrCancel } from '../database/transactions/settle-or-cancel.ts';
import type { PaymentSession, Refused } from '../payments/provider.ts';
import { maxRecoveryAttempts } from './engine.ts';
import { type PaymentSettings, awaitPayment } from './await-payment.ts';
import { type OpeningSettings, openCheckout } from './open-checkout.ts';
import { orSendToAttention, sendToAttention } from './attention.ts';

/** The settings of a checkout. */
export interface CheckoutSettings extends OpeningSettings, PaymentSettings {}

/** A checkout, and the HTTP request that asked for it first. */
export interface CheckoutInput extends Placement {
  /** The workflow version: which sequence of steps it follows (decision 13). */
  readonly version: 1;
}

/** The durable checkout; call it by `DBOS.startWorkflow`. */
export type CheckoutWorkflow = (input: CheckoutInput) => Promise<CheckoutResult>;

/** How a checkout ended, as in the saga tutorial; what happened stands in the order's own rows. */
export interface CheckoutResult {
  readonly status: 'completed' | 'failed' | 'needs_attention';
}

/**
 * Registers the checkout story: the stock is held exactly while the order waits for its payment, and the
 * order is paid exactly when the provider says so. The payment row decides; messages only wake.
 *
 * The sequence of steps is a contract with the orders in flight: another sequence needs another version (decision 13).
 */
export function registerCheckout(settings: CheckoutSettings): CheckoutWorkflow {
  const checkout = async (input: CheckoutInput): Promise<CheckoutResult> => {
    // 1. to 3. Place the order, open its payment session, record it, and let the shopper go and pay.
    const opened = await openCheckout(settings, input);
    if (opened.outcome === 'not_placed') return { status: 'failed' };
    const orderId = opened.outcome === 'opened' ? opened.order.orderId : opened.orderId;
    const matter = { kind: 'checkout_failed', subject: String(orderId), orderId } as const;
    if (opened.outcome === 'failed') {
      await sendToAttention({ ...matter, reason: opened.reason });
      return { status: 'needs_attention' };
    }
    const end = await orSendToAttention(matter, () => takePayment(settings, input, opened));
    if (end === 'needs_attention') return { status: end };
    return { status: end === 'paid' ? 'completed' : 'failed' };
  };
  return DBOS.registerWorkflow(checkout, { name: 'checkout', maxRecoveryAttempts });
}

async function takePayment(
  settings: CheckoutSettings,
  input: CheckoutInput,
  { order, session }: { readonly order: PlacedOrder; readonly session: PaymentSession | Refused },
): Promise<'paid' | 'cancelled'> {
  const { orderId } = order;
  if ('refused' in session) {
    const sessionEnded = 'payment_unavailable';
    const conclusion = await settleOrCancel({ orderId, sessionEnded }, settings.dispatchSeconds);
    settings.answers.notify(input.order.checkoutKey);
    return conclusion === 'paid' ? 'paid' : 'cancelled';
  }

  // 4. to 6. Wait, ask before cancelling, settle.
  const { totalCents: amountCents, currency, holdExpiresAt } = order;
  const awaited = { orderId, sessionId: session.sessionId, amountCents, currency, holdExpiresAt };
  return awaitPayment(settings, awaited, 'told');
}
