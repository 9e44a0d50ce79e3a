import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { findRefund } from '../database/queries/orders.ts';
import type { AttentionSubject } from '../database/transactions/attention.ts';
import { shrinkRefund } from '../database/transactions/record-external-refund.ts';
import { type DueRefund, markRefundMade, readDueRefund } from '../database/transactions/refund-order.ts';
import type { WorkflowName } from '../database/workflow-ids.ts';
import type { AttentionReason } from '../domain/attention.ts';
import type { MadeRefund, PaymentProvider, Refused, TooLittleLeft } from '../payments/provider.ts';
import { needsAttention, orSendToAttention, sendToAttention } from './attention.ts';
import { maxRecoveryAttempts } from './engine.ts';

/** The settings of refunds. */
export interface RefundSettings {
  readonly database: Database;
  readonly provider: PaymentProvider;
  /** The pause after the first attempt whose outcome is unknown; the pauses double. */
  readonly retrySeconds: number;
}

// The longest pause, as a multiple of the first: ten minutes, where the first is two seconds.
const longestPauseFactor = 300;
const triesBeforeAttention = 5;

/**
 * Registers the refund workflow: asks the provider until it confirms the refund, then records it. A refund that the provider
 * refuses, or has not made after some attempts, goes to the attention list. An unknown outcome is asked for without end. Once an
 * operator has resolved it as made by hand, the provider is asked only whether an earlier call has made it.
 */
export function registerRefund(settings: RefundSettings): void {
  DBOS.registerWorkflow(
    async (refundId: number) => {
      const due = await readDueRefund(refundId);
      if (!due) return 'made';
      const item = { kind: 'refund_failed', subject: String(refundId), orderId: due.orderId } as const;
      return orSendToAttention(item, () => payBack(settings, due, item));
    },
    { name: 'refund' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

type Unknown = { readonly unknown: string };

async function payBack(
  settings: RefundSettings,
  promised: DueRefund,
  item: AttentionSubject,
): Promise<'made' | typeof needsAttention> {
  const { retrySeconds } = settings;
  let due = promised;
  for (let turn = 1, pauseSeconds = retrySeconds; ; turn += 1) {
    const answer = await askForRefund(settings, due);
    if ('providerRefundId' in answer) {
      await markRefundMade({ ...due, providerRefundId: answer.providerRefundId });
      return 'made';
    }
    if ('leftCents' in answer && (await shrinkRefund({ ...due, leftCents: answer.leftCents }))) {
      due = { ...due, amountCents: answer.leftCents };
      continue;
    }
    if (!('unknown' in answer) || turn === triesBeforeAttention) {
      await sendToAttention({ ...item, reason: reasonOf(answer) });
      if (!('unknown' in answer)) return needsAttention;
    }
    await DBOS.sleep(pauseSeconds * 1000);
    pauseSeconds = Math.min(2 * pauseSeconds, longestPauseFactor * retrySeconds);
  }
}

function reasonOf(answer: Refused | TooLittleLeft | Unknown): AttentionReason {
  if ('refused' in answer) return { code: 'refund_refused', message: answer.refused };
  if ('leftCents' in answer) return { code: 'refund_exceeds_charge', leftCents: answer.leftCents };
  return { code: 'refund_unconfirmed', error: answer.unknown };
}

/** Asks once, under the refund's own idempotency key. A refund that was made by hand meanwhile is not asked for. */
function askForRefund(
  { database, provider }: RefundSettings,
  due: DueRefund,
): Promise<MadeRefund | Refused | TooLittleLeft | Unknown> {
  return DBOS.runStep(
    async () => {
      try {
        const refund = await findRefund(database, due.refundId);
        if (refund?.state === 'made') return (await provider.findRefund(due)) ?? { providerRefundId: null };
        return await provider.refund(due);
      } catch (error) {
        DBOS.logger.warn(`Order ${due.orderId}: its refund is unknown: ${String(error)}`);
        return { unknown: String(error) };
      }
    },
    { name: 'askForRefund' },
  );
}
