import { DBOS } from '@dbos-inc/dbos-sdk';
import { transaction } from '../database/transaction.ts';
import { recordSession } from '../database/transactions/payments.ts';

// Steps that only the first story has. They go when no checkout without a story number is in flight anywhere: the day after
// the longest hold.

/** Step 3 as a step of its own. */
export const recordSessionByStep = transaction(
  'recordSession',
  async (sql, session: { orderId: number; sessionId: string; url: string }): Promise<void> => {
    await recordSession(sql, session);
  },
);

/** The event by which a request was told, in whatever process it waited. */
export function answerByEvent(requestId: string): Promise<void> {
  return DBOS.setEvent('checkout-answered', requestId);
}
