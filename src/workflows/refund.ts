import { DBOS } from '@dbos-inc/dbos-sdk';
import { shrinkRefund } from '../database/transactions/record-external-refund.ts';
import { type DueRefund, markRefundMade, readDueRefund } from '../database/transactions/refund-order.ts';
import { queues, type WorkflowName } from '../database/workflow-ids.ts';
import type { AttentionReason } from '../domain/attention.ts';
import type { MadeRefund, PaymentProvider, Refused, TooLittleLeft } from '../payments/provider.ts';
import { type AttentionSubject, needsAttention, orSendToAttention, sendToAttention } from './attention.ts';
import { maxRecoveryAttempts } from './engine.ts';

/** What a refund is told from outside. */
export interface RefundSettings {
  readonly provider: PaymentProvider;
  /** The pause after the first question whose answer is unknown; each pause is twice the one before. */
  readonly retrySeconds: number;
}

// A refund waits for its provider for as long as it takes, and for others beside it.
const refundsAtOnce = 50;
// Ten minutes, where the first pause is two seconds.
const longestPause = 300;
const triesBeforeAttention = 5;

/**
 * Registers the refund workflow: asks the provider until the refund is confirmed, then writes it down. What the
 * provider refuses, or has not done after some tries, stands on the list of what needs a person; an unknown outcome is
 * asked for ever after.
 */
export function registerRefund(settings: RefundSettings): void {
  DBOS.registerWorkflow(
    async (refundId: number) => {
      const due = await readDueRefund(refundId);
      if (!due) return 'made';
      const matter = { kind: 'refund_failed', subject: String(refundId), orderId: due.orderId } as const;
      return orSendToAttention(matter, () => payBack(settings, due, matter));
    },
    { name: 'refund' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

/** Opens the queue of refunds and of resumed checkouts; call it once DBOS is launched. */
export async function openMoneyQueue(): Promise<void> {
  await DBOS.registerQueue(queues.money, { workerConcurrency: refundsAtOnce, onConflict: 'always_update' });
}

async function payBack(
  { provider, retrySeconds }: RefundSettings,
  promised: DueRefund,
  matter: AttentionSubject,
): Promise<'made' | typeof needsAttention> {
  let due = promised;
  for (let turn = 1, pauseSeconds = retrySeconds; ; turn += 1) {
    const answer = await askForRefund(provider, due);
    if ('providerRefundId' in answer) {
      await markRefundMade({ ...due, providerRefundId: answer.providerRefundId });
      return 'made';
    }
    if ('leftCents' in answer && (await shrinkRefund({ ...due, leftCents: answer.leftCents }))) {
      due = { ...due, amountCents: answer.leftCents };
      continue;
    }
    if (!('unknown' in answer) || turn === triesBeforeAttention) {
      await sendToAttention({ ...matter, reason: reasonOf(answer) });
      if (!('unknown' in answer)) return needsAttention;
    }
    await DBOS.sleep(pauseSeconds * 1000);
    pauseSeconds = Math.min(2 * pauseSeconds, longestPause * retrySeconds);
  }
}

function reasonOf(answer: Refused | TooLittleLeft | { readonly unknown: string }): AttentionReason {
  if ('refused' in answer) return { code: 'refund_refused', message: answer.refused };
  if ('leftCents' in answer) return { code: 'refund_exceeds_charge', leftCents: answer.leftCents };
  return { code: 'refund_unconfirmed', error: answer.unknown };
}

/** One question, under the refund's own idempotency key. */
function askForRefund(
  provider: PaymentProvider,
  due: DueRefund,
): Promise<MadeRefund | Refused | TooLittleLeft | { readonly unknown: string }> {
  return DBOS.runStep(
    async () => {
      try {
        return await provider.refund(due);
      } catch (error) {
        DBOS.logger.warn(`Order ${due.orderId}: its refund is unknown: ${String(error)}`);
        return { unknown: String(error) };
      }
    },
    { name: 'askForRefund' },
  );
}
