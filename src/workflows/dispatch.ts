import { DBOS } from '@dbos-inc/dbos-sdk';
import { markDispatched } from '../database/transactions/orders.ts';
import type { DispatchPlan } from '../database/transactions/payments.ts';
import { maxRecoveryAttempts } from './limits.ts';
import { dispatchWorkflowId } from './signals.ts';

const workflowName = 'dispatch';
const queue = 'dispatch';

// One write each, so a few at a time are plenty, and the pool stays free for checkouts.
const dispatchesAtOnce = 10;
const millisecondsBetweenPolls = 200;

/**
 * Registers the dispatch workflow. It is enqueued by the transaction that settles the payment, with the time that
 * the work takes as its delay; the visible progress in between is a function of time, so when it starts there is one
 * write left to do (DESIGN §7).
 */
export function registerDispatch(): void {
  DBOS.registerWorkflow((orderId: number) => markDispatched(orderId), {
    name: workflowName,
    maxRecoveryAttempts,
  });
}

/** Opens the queue of dispatches; call it once DBOS is launched. */
export async function openDispatchQueue(): Promise<void> {
  await DBOS.registerQueue(queue, {
    workerConcurrency: dispatchesAtOnce,
    minPollingIntervalMs: millisecondsBetweenPolls,
    onConflict: 'always_update',
  });
}

/** The dispatch of one order, for the transaction that starts it. `delaySeconds` is how long the work takes. */
export function planDispatch(orderId: number, delaySeconds: number): DispatchPlan {
  return { workflowName, workflowId: dispatchWorkflowId(orderId), queue, delaySeconds };
}
