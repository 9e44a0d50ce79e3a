import { DBOS } from '@dbos-inc/dbos-sdk';
import { type AwaitedPayment, recordPaidSession } from '../database/transactions/record-session.ts';
import {
  type EndSettings,
  type PaymentOutcome,
  settleOrCancel,
} from '../database/transactions/settle-or-cancel.ts';
import { type PaymentMessage, paymentTopic } from '../database/workflow-ids.ts';
import type { EndedSession, PaymentProvider } from '../payments/provider.ts';
import { withoutDeadline } from './engine.ts';

/** The settings of waiting for a payment. */
export interface PaymentSettings extends EndSettings {
  readonly provider: PaymentProvider;
}

/** How a workflow learns that its hold expired: by a message, as checkouts do (decision 18), or by a deadline of its own. */
export type HoldExpiry = 'notified' | 'deadline';

// Each poll costs two statements per waiting customer. Notifications wake the workflow, and the redelivery poller repeats lost ones
// (workflows/redelivery-poller.ts), so it hardly polls itself.
const pollingIntervalMs = 600_000;

const firstBackoffSeconds = 2;
const longestBackoffSeconds = 60;

/**
 * Waits for the payment of an order, ends its session before cancelling, and settles or cancels according to the payment row. While
 * the provider's answer is unknown the stock stays held.
 */
export async function awaitPayment(
  { provider, ...settings }: PaymentSettings,
  order: AwaitedPayment,
  holdExpiry: HoldExpiry,
): Promise<Exclude<PaymentOutcome, 'waiting'>> {
  const { orderId } = order;
  const firstWait = holdExpiry === 'notified' ? withoutDeadline : { deadlineEpochMS: order.holdExpiresAt };
  for (let backoffSeconds = 0; ; ) {
    // Wait for the payment, the end of the hold, or the shopper's cancellation.
    const until = backoffSeconds === 0 ? firstWait : { timeoutSeconds: backoffSeconds };
    const message = await DBOS.recv<PaymentMessage>(paymentTopic, { ...until, pollingIntervalMs });
    if (message?.paid) return 'paid';

    // End the session before cancelling: a payment may be on its way.
    const mustEnd = message === null || message.cancel || message.holdExpired;
    const ended = mustEnd ? await endPaymentSession(provider, order) : undefined;
    if (ended?.outcome === 'paid') {
      const { transactionId, refundEvent = null } = ended;
      await recordPaidSession({ orderId, transactionId, refundEvent });
    }

    // Settle or cancel. The payment may have changed in the meantime, so its row decides.
    const sessionEnded = ended?.outcome === 'ended' ? 'hold_expired' : null;
    const outcome = await settleOrCancel({ orderId, sessionEnded }, settings);
    if (outcome !== 'waiting') return outcome;
    if (ended) backoffSeconds = Math.min(2 * backoffSeconds + firstBackoffSeconds, longestBackoffSeconds);
  }
}

const endAttempts = 3;

/** Makes sure that the session can no longer be paid; `unknown` when the provider gives no answer, and is asked again later. */
function endPaymentSession(
  provider: PaymentProvider,
  { orderId, sessionId, amountCents, currency }: AwaitedPayment,
): Promise<EndedSession | { readonly outcome: 'unknown' }> {
  return DBOS.runStep(
    async () => {
      try {
        return await provider.endSession({ sessionId, amountCents, currency });
      } catch (error) {
        DBOS.logger.warn(`Order ${orderId}: the end of its payment is unknown: ${String(error)}`);
        if (DBOS.stepStatus?.currentAttempt === endAttempts) return { outcome: 'unknown' as const };
        throw error;
      }
    },
    {
      name: 'endPaymentSession',
      retriesAllowed: true,
      maxAttempts: endAttempts,
      intervalSeconds: 1,
      backoffRate: 2,
    },
  );
}
