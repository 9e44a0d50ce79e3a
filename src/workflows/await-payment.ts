import { DBOS } from '@dbos-inc/dbos-sdk';
import {
  type AwaitedPayment,
  type PaymentOutcome,
  settleOrCancel,
  recordPaidSession,
} from '../database/transactions/settle-or-cancel.ts';
import { type PaymentMessage, paymentTopic } from '../database/workflow-ids.ts';
import type { CancelReason } from '../domain/order.ts';
import type { EndedSession, PaymentProvider } from '../payments/provider.ts';

/** The settings of following a payment. */
export interface PaymentSettings {
  readonly provider: PaymentProvider;
  /** How long a dispatch takes. */
  readonly dispatchSeconds: number;
}

/** Whether a workflow is told that its hold is over, as checkouts are, or keeps the time itself. */
export type HoldWatch = 'told' | 'by_itself';

// Every look costs two statements for each customer who waits, so the workflow is woken, also when the word was sent while
// nobody listened (workflows/wake-ups.ts), and hardly looks by itself.
const pollingIntervalMs = 600_000;
// The engine keeps the end of a wait in a step of its own: six statements and a commit. The end of this one stands in the order's
// row, and is told (decision 18).
const withoutDeadline = { timeoutSeconds: Number.NaN, pollingIntervalMs };

const firstPauseSeconds = 2;
const longestPauseSeconds = 60;

/**
 * Steps 4 to 6 of the checkout story: waits for the provider's word, asks before cancelling, and settles or cancels as the
 * payment row says. While the provider's answer is unknown the stock stays held.
 */
export async function awaitPayment(
  { provider, dispatchSeconds }: PaymentSettings,
  order: AwaitedPayment,
  holdWatch: HoldWatch,
): Promise<Exclude<PaymentOutcome, 'waiting'>> {
  let reason: CancelReason = 'hold_expired';
  const firstWait =
    holdWatch === 'told' ? withoutDeadline : { deadlineEpochMS: order.holdExpiresAt, pollingIntervalMs };
  for (let pauseSeconds = 0; ; ) {
    // 4. Wait for the provider's word until the hold ends, or the shopper cancels.
    const until = pauseSeconds === 0 ? firstWait : { timeoutSeconds: pauseSeconds, pollingIntervalMs };
    const word = await DBOS.recv<PaymentMessage>(paymentTopic, until);
    if (word?.paid) return 'paid';
    if (word?.cancel) reason = 'cancelled_by_shopper';

    // 5. Ask before cancelling.
    const isToAsk = word === null || word.cancel || word.holdOver;
    const ended = isToAsk ? await endSession(provider, order) : undefined;
    if (ended?.outcome === 'paid') {
      const { transactionId, refundEvent = null } = ended;
      await recordPaidSession({ orderId: order.orderId, transactionId, refundEvent });
    }

    // 6. Settle or cancel; asked again and again, the payment may have changed in the meantime.
    const sessionEnded = ended?.outcome === 'ended' ? reason : null;
    const isUnwanted = reason === 'cancelled_by_shopper';
    const conclusion = await settleOrCancel(
      { orderId: order.orderId, sessionEnded, isUnwanted },
      dispatchSeconds,
    );
    if (conclusion !== 'waiting') return conclusion;
    if (ended) pauseSeconds = Math.min(2 * pauseSeconds + firstPauseSeconds, longestPauseSeconds);
  }
}

const endingTries = 3;

/** Makes sure that the session can no longer be paid; `unknown` when the provider does not say, so that we ask again. */
function endSession(
  provider: PaymentProvider,
  { orderId, sessionId, amountCents, currency }: AwaitedPayment,
): Promise<EndedSession | { readonly outcome: 'unknown' }> {
  return DBOS.runStep(
    async () => {
      try {
        return await provider.endSession({ sessionId, amountCents, currency });
      } catch (error) {
        DBOS.logger.warn(`Order ${orderId}: the end of its payment is unknown: ${String(error)}`);
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
