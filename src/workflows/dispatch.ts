import { DBOS } from '@dbos-inc/dbos-sdk';
import { dispatchOrder } from '../database/transactions/dispatch-order.ts';
import type { WorkflowName } from '../database/workflow-ids.ts';
import { orSendToAttention } from './attention.ts';
import { maxRecoveryAttempts } from './engine.ts';

/**
 * Registers the dispatch workflow. The transaction that settles the payment enqueues it, with the time that the work takes as its
 * delay. The visible progress is a function of time, so one write is left when it starts.
 */
export function registerDispatch(): void {
  DBOS.registerWorkflow(
    (orderId: number) =>
      orSendToAttention({ kind: 'dispatch_failed', subject: String(orderId), orderId }, () =>
        dispatchOrder(orderId),
      ),
    { name: 'dispatch' satisfies WorkflowName, maxRecoveryAttempts },
  );
}
