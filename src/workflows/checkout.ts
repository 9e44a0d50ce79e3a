import { DBOS } from '@dbos-inc/dbos-sdk';
import { type OrderRequest, type PlacedOrder, placeOrder } from '../database/transactions/orders.ts';
import {
  type Conclusion,
  concludePayment,
  recordPaid,
  recordSession,
} from '../database/transactions/payments.ts';
import type { EndedSession, PaymentProvider, PaymentSession, RefusedSession } from '../payments/provider.ts';
import { planDispatch } from './dispatch.ts';
import { maxRecoveryAttempts } from './limits.ts';
import { checkoutAnswered, paymentTopic } from './signals.ts';

/** What the checkout story is told from outside. */
export interface CheckoutSettings {
  readonly provider: PaymentProvider;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  readonly dispatchSeconds: number;
}

/** A checkout, and the id of the HTTP request that asked for it first. */
export interface CheckoutInput {
  readonly order: OrderRequest;
  readonly requestId: string;
}

/** The durable checkout; call it by `DBOS.startWorkflow`. */
export type CheckoutWorkflow = (input: CheckoutInput) => Promise<CheckoutEnd>;

/** How a checkout ended. */
export type CheckoutEnd = Exclude<Conclusion, 'waiting'> | 'refused' | 'exists';

/**
 * Registers the checkout story (DESIGN §7): the stock is held exactly while the order waits for its payment, and the
 * order is paid exactly when the provider says so. The payment row decides; messages only wake.
 *
 * The sequence of steps is a contract with the orders in flight: change it behind `DBOS.patch` only.
 */
export function registerCheckout(settings: CheckoutSettings): CheckoutWorkflow {
  const checkout = async (input: CheckoutInput): Promise<CheckoutEnd> => {
    // 1. Place the order: reserve every line, or none.
    const placed = await placeOrder(input.order);
    if (placed.outcome !== 'placed') {
      await answerShopper(input);
      return placed.outcome;
    }
    const { order } = placed;
    const dispatch = planDispatch(order.orderId, settings.dispatchSeconds);

    // 2. Open the payment session at the provider.
    const session = await openSession(settings, order);
    if ('refused' in session) {
      await concludePayment({ orderId: order.orderId, sessionEnded: 'payment_unavailable' }, dispatch);
      await answerShopper(input);
      return 'cancelled';
    }

    // 3. Record it, and let the shopper go and pay.
    await recordSession({ orderId: order.orderId, ...session });
    await answerShopper(input);

    for (let pauseSeconds = 0; ; ) {
      // 4. Wait for the provider's word until the hold ends.
      const until =
        pauseSeconds === 0 ? { deadlineEpochMS: order.holdExpiresAt } : { timeoutSeconds: pauseSeconds };
      const woken = await DBOS.recv(paymentTopic, { ...until, pollingIntervalMs });

      // 5. The hold is over and nothing was heard: ask before cancelling. While the answer is unknown the hold stays.
      const ended =
        woken === null ? await endSession(settings.provider, order, session.sessionId) : undefined;
      if (ended?.outcome === 'paid') {
        await recordPaid({ orderId: order.orderId, transactionId: ended.transactionId });
      }

      // 6. Settle or cancel, as the payment row says; asked again and again, it may have changed in the meantime.
      const sessionEnded = ended?.outcome === 'ended' ? 'hold_expired' : null;
      const conclusion = await concludePayment({ orderId: order.orderId, sessionEnded }, dispatch);
      if (conclusion !== 'waiting') return conclusion;
      if (ended) pauseSeconds = Math.min(2 * pauseSeconds + firstPauseSeconds, longestPauseSeconds);
    }
  };
  return DBOS.registerWorkflow(checkout, { name: 'checkout', maxRecoveryAttempts });
}

/** Tells the waiting request that the order's row now holds its answer. */
async function answerShopper({ requestId }: CheckoutInput): Promise<void> {
  await DBOS.setEvent(checkoutAnswered, requestId);
}

// Three retries from two seconds with doubling (DESIGN §7), as in the saga tutorial.
const openingTries = 4;
const secondsBeforeRetry = 2;

/** Opens the session, keyed by the order; a value instead of an error when the provider stays out of reach. */
function openSession(
  settings: CheckoutSettings,
  order: PlacedOrder,
): Promise<PaymentSession | RefusedSession> {
  const request = { ...order, orderUrl: `${settings.publicUrl}/orders/${order.token}` };
  return DBOS.runStep(
    async () => {
      try {
        return await settings.provider.openSession(request);
      } catch (error) {
        DBOS.logger.warn(`Order ${order.orderId}: no payment session yet: ${String(error)}`);
        // Thrown, it would lose its class on replay and fail the workflow while the stock is held.
        if (DBOS.stepStatus?.currentAttempt === openingTries) return { refused: 'out of reach' };
        throw error;
      }
    },
    {
      name: 'openPaymentSession',
      retriesAllowed: true,
      maxAttempts: openingTries,
      intervalSeconds: secondsBeforeRetry,
      backoffRate: 2,
    },
  );
}

// A wake-up sent while Postgres restarts is heard by nobody, so the workflow also looks by itself (DESIGN §1, promise 4).
const pollingIntervalMs = 3_000;

const endingTries = 3;
const firstPauseSeconds = 2;
const longestPauseSeconds = 60;

/** Makes sure that the session can no longer be paid; `unknown` when the provider does not say, so that we ask again. */
function endSession(
  provider: PaymentProvider,
  order: PlacedOrder,
  sessionId: string,
): Promise<EndedSession | { readonly outcome: 'unknown' }> {
  return DBOS.runStep(
    async () => {
      try {
        return await provider.endSession({
          sessionId,
          amountCents: order.totalCents,
          currency: order.currency,
        });
      } catch (error) {
        DBOS.logger.warn(`Order ${order.orderId}: the end of its payment is unknown: ${String(error)}`);
        if (DBOS.stepStatus?.currentAttempt === endingTries) return { outcome: 'unknown' as const };
        throw error;
      }
    },
    {
      name: 'endPaymentSession',
      retriesAllowed: true,
      maxAttempts: endingTries,
      intervalSeconds: 1,
      backoffRate: 2,
    },
  );
}
