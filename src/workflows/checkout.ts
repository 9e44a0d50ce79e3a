import { DBOS } from '@dbos-inc/dbos-sdk';
import type { FollowUps } from '../database/outbox.ts';
import { type OrderRequest, type PlacedOrder, placeOrder } from '../database/transactions/orders.ts';
import { concludePayment, recordSession } from '../database/transactions/payments.ts';
import { orderKeyOf } from '../domain/order.ts';
import type { PaymentProvider, PaymentSession, Refused } from '../payments/provider.ts';
import { followPayment } from './follow-payment.ts';
import { maxRecoveryAttempts } from './limits.ts';
import { orPark } from './park.ts';
import { checkoutAnswered } from './signals.ts';

/** What the checkout story is told from outside. */
export interface CheckoutSettings {
  readonly provider: PaymentProvider;
  readonly followUps: FollowUps;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  /** How often the opening of a payment session is tried again, and the seconds before that, which double. */
  readonly paymentRetries: number;
  readonly paymentRetrySeconds: number;
}

/** A checkout, and the id of the HTTP request that asked for it first. */
export interface CheckoutInput {
  readonly order: OrderRequest;
  readonly requestId: string;
}

/** The durable checkout; call it by `DBOS.startWorkflow`. */
export type CheckoutWorkflow = (input: CheckoutInput) => Promise<CheckoutResult>;

/** How a checkout ended, as in the saga tutorial; what happened stands in the order's own rows. */
export interface CheckoutResult {
  readonly status: 'completed' | 'failed' | 'needs_attention';
}

/**
 * Registers the checkout story (DESIGN §7): the stock is held exactly while the order waits for its payment, and the
 * order is paid exactly when the provider says so. The payment row decides; messages only wake.
 *
 * The sequence of steps is a contract with the orders in flight: change it behind `DBOS.patch` only.
 */
export function registerCheckout(settings: CheckoutSettings): CheckoutWorkflow {
  const checkout = async (input: CheckoutInput): Promise<CheckoutResult> => {
    // 1. Place the order: reserve every line, or none.
    const placed = await placeOrder(input.order);
    if (placed.outcome !== 'placed') {
      await answerShopper(input);
      return { status: 'failed' };
    }
    const { order } = placed;
    const { orderId } = order;
    const end = await orPark({ kind: 'checkout_failed', subject: String(orderId), orderId }, () =>
      takePayment(settings, input, order),
    );
    if (end === 'needs_attention') return { status: end };
    return { status: end === 'paid' ? 'completed' : 'failed' };
  };
  return DBOS.registerWorkflow(checkout, { name: 'checkout', maxRecoveryAttempts });
}

async function takePayment(
  settings: CheckoutSettings,
  input: CheckoutInput,
  order: PlacedOrder,
): Promise<'paid' | 'cancelled'> {
  const { orderId } = order;
  // 2. Open the payment session at the provider.
  const session = await openSession(settings, order);
  if ('refused' in session) {
    const sessionEnded = 'payment_unavailable';
    const conclusion = await concludePayment({ orderId, sessionEnded }, settings.followUps);
    await answerShopper(input);
    return conclusion === 'paid' ? 'paid' : 'cancelled';
  }

  // 3. Record it, and let the shopper go and pay.
  await recordSession({ orderId, ...session });
  await answerShopper(input);

  // 4. to 6. Wait, ask before cancelling, settle.
  return followPayment(settings, {
    orderId,
    sessionId: session.sessionId,
    amountCents: order.totalCents,
    currency: order.currency,
    holdExpiresAt: order.holdExpiresAt,
  });
}

/** Tells the waiting request that the order's row now holds its answer. */
async function answerShopper({ requestId }: CheckoutInput): Promise<void> {
  await DBOS.setEvent(checkoutAnswered, requestId);
}

/** Opens the session, keyed by the order; a value instead of an error when the provider stays out of reach. */
function openSession(settings: CheckoutSettings, order: PlacedOrder): Promise<PaymentSession | Refused> {
  const { token } = order;
  const request = {
    ...order,
    orderKey: orderKeyOf(token),
    orderUrl: `${settings.publicUrl}/orders/${token}`,
  };
  const maxAttempts = 1 + settings.paymentRetries;
  return DBOS.runStep(
    async () => {
      try {
        return await settings.provider.openSession(request);
      } catch (error) {
        DBOS.logger.warn(`Order ${order.orderId}: no payment session yet: ${String(error)}`);
        // Thrown, it would lose its class on replay and fail the workflow while the stock is held.
        const isLast = (DBOS.stepStatus?.currentAttempt ?? maxAttempts) >= maxAttempts;
        if (isLast) return { refused: 'out of reach' };
        throw error;
      }
    },
    {
      name: 'openPaymentSession',
      retriesAllowed: true,
      maxAttempts,
      intervalSeconds: settings.paymentRetrySeconds,
      backoffRate: 2,
    },
  );
}
