import { Error as EngineErrors } from '@dbos-inc/dbos-sdk';
import type { AttentionKind } from '../database/tables.ts';
import { transaction } from '../database/transaction.ts';
import { raiseAttention } from '../database/transactions/attention.ts';

/** What a story is about, for the list of what needs a person. */
export interface AttentionSubject {
  readonly kind: AttentionKind;
  readonly subject: string;
  readonly orderId: number | null;
}

/** How a story ended that was parked: an operator finds it on the list, with its reason, and can have it tried again. */
export const needsAttention = 'needs_attention';

/** Puts a story on the list of what needs a person. */
export const sendToAttention = transaction('park', async (sql, matter: AttentionSubject & { reason: string }) => {
  await raiseAttention(sql, matter);
});

/**
 * Tells a story that nobody waits for. What it throws does not vanish in a failed workflow: it is parked, with the error as
 * its reason.
 */
export async function orSendToAttention<Result>(
  matter: AttentionSubject,
  story: () => Promise<Result>,
): Promise<Result | typeof needsAttention> {
  try {
    return await story();
  } catch (error) {
    // The engine's own: the workflow was cancelled, or another process tells it now.
    if (error instanceof EngineErrors.DBOSError) throw error;
    await sendToAttention({ ...matter, reason: String(error) });
    return needsAttention;
  }
}
