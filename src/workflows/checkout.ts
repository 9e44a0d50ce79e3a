import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { isRefusedForGood } from '../database/outage.ts';
import type { FollowUps } from '../database/outbox.ts';
import { statementsOf } from '../database/statement.ts';
import { type OrderRequest, type PlacedOrder, placeOrder } from '../database/transactions/orders.ts';
import { concludePayment, recordSession } from '../database/transactions/payments.ts';
import { orderKeyOf } from '../domain/order.ts';
import type { PaymentProvider, PaymentSession, Refused } from '../payments/provider.ts';
import type { CheckoutAnswers } from './checkout-answers.ts';
import { answerByEvent, recordSessionByStep } from './checkout-story-1.ts';
import { followPayment } from './follow-payment.ts';
import { maxRecoveryAttempts } from './limits.ts';
import { orPark } from './park.ts';

/** What the checkout story is told from outside. */
export interface CheckoutSettings {
  readonly database: Database;
  readonly provider: PaymentProvider;
  readonly followUps: FollowUps;
  /** The requests of this process that wait for their checkout. */
  readonly answers: CheckoutAnswers;
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
  /** Which sequence of steps it follows (decision 13); the first one had no number. */
  readonly story?: 2;
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
 * The sequence of steps is a contract with the orders in flight: another sequence is another `story` (decision 13).
 */
export function registerCheckout(settings: CheckoutSettings): CheckoutWorkflow {
  const checkout = async (input: CheckoutInput): Promise<CheckoutResult> => {
    // 1. Place the order: reserve every line, or none.
    const placed = await placeOrder(input);
    if (placed.outcome !== 'placed') {
      await answerShopper(settings, input);
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
  // 2. and 3. Open the payment session at the provider, record it, and let the shopper go and pay.
  const session = await openSession(settings, input, order);
  if ('refused' in session) {
    const sessionEnded = 'payment_unavailable';
    const conclusion = await concludePayment({ orderId, sessionEnded }, settings.followUps);
    await answerShopper(settings, input);
    return conclusion === 'paid' ? 'paid' : 'cancelled';
  }
  if (input.story === undefined) {
    await recordSessionByStep({ orderId, ...session });
    await answerByEvent(input.requestId);
  }

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
async function answerShopper({ answers }: CheckoutSettings, input: CheckoutInput): Promise<void> {
  answers.say(input.order.checkoutKey);
  if (input.story === undefined) await answerByEvent(input.requestId);
}

/**
 * Opens the session, keyed by the order, and records it; a value instead of an error when the provider stays out of reach.
 * Run again after a crash it finds the same session and records nothing new.
 */
function openSession(
  settings: CheckoutSettings,
  { order: { checkoutKey } }: CheckoutInput,
  order: PlacedOrder,
): Promise<PaymentSession | Refused> {
  const { token, orderId } = order;
  const orderUrl = `${settings.publicUrl}/orders/${token}`;
  const request = { ...order, orderKey: orderKeyOf(token), orderUrl };
  let failures = 0;
  return DBOS.runStep(
    async () => {
      let session: PaymentSession | Refused;
      try {
        session = await settings.provider.openSession(request);
      } catch (error) {
        DBOS.logger.warn(`Order ${orderId}: no payment session yet: ${String(error)}`);
        failures += 1;
        // Thrown, it would lose its class on replay and fail the workflow while the stock is held.
        if (failures > settings.paymentRetries) return { refused: 'out of reach' };
        throw error;
      }
      if ('refused' in session) return session;
      // With Postgres away this throws, and the engine goes on once it is back.
      const opened = await recordSession(statementsOf(settings.database), { orderId, ...session });
      settings.answers.say(checkoutKey, opened);
      return session;
    },
    {
      name: 'openPaymentSession',
      retriesAllowed: true,
      // Failures of the provider are counted above; an outage of Postgres counts as none.
      maxAttempts: maxRecoveryAttempts,
      shouldRetry: (error) => !isRefusedForGood(error),
      intervalSeconds: settings.paymentRetrySeconds,
      backoffRate: 2,
    },
  );
}
