import { DBOS } from '@dbos-inc/dbos-sdk';
import { dispatchOrder } from '../database/transactions/dispatch-order.ts';
import { queues, type WorkflowName } from '../database/workflow-ids.ts';
import { orSendToAttention } from './attention.ts';
import { maxRecoveryAttempts } from './engine.ts';

// What is due comes once a second in one lot. A lot of this size with every poll keeps up with 250 orders a second, and is
// claimed with one statement.
const dispatchesAtOnce = 50;
const millisecondsBetweenPolls = 200;

/**
 * Registers the dispatch workflow. It is enqueued by the transaction that settles the payment, with the time that
 * the work takes as its delay; the visible progress in between is a function of time, so when it starts there is one
 * write left to do.
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

/** Opens the queue of dispatches; call it once DBOS is launched. */
export async function openDispatchQueue(): Promise<void> {
  await DBOS.registerQueue(queues.dispatch, {
    workerConcurrency: dispatchesAtOnce,
    minPollingIntervalMs: millisecondsBetweenPolls,
    onConflict: 'always_update',
  });
}
