import type { FollowUps, WorkflowKind } from '../database/outbox.ts';
import type { Restartable } from '../database/tables.ts';
import { checkoutWorkflowId, paymentTopic } from './signals.ts';

/** Names of the workflows that a commit starts, and of the queues they run in. */
export const workflowNames = {
  dispatch: 'dispatch',
  refund: 'refund',
  email: 'email',
  resumeCheckout: 'resume-checkout',
} as const;

/** One queue per kind of peer, so that a slow one holds up its own work only. */
export const queues = { dispatch: 'dispatch', money: 'money', email: 'email' } as const;

/** The workflows that a change of an order starts. `dispatchSeconds` is how long a dispatch takes. */
export function followUpsOf({ dispatchSeconds }: { readonly dispatchSeconds: number }): FollowUps {
  return {
    dispatch: { ...kinds.dispatch, delaySeconds: dispatchSeconds },
    refund: kinds.refund,
    email: kinds.email,
    checkoutId: checkoutWorkflowId,
    paymentTopic,
  };
}

/** What is started at once: by a commit, or once more when a story of that name ended badly. */
export const kinds: Readonly<Record<Restartable, WorkflowKind>> = {
  [workflowNames.resumeCheckout]: kindOf(workflowNames.resumeCheckout, queues.money),
  [workflowNames.dispatch]: kindOf(workflowNames.dispatch, queues.dispatch),
  [workflowNames.refund]: kindOf(workflowNames.refund, queues.money),
  [workflowNames.email]: kindOf(workflowNames.email, queues.email),
};

function kindOf(name: string, queue: string): WorkflowKind {
  return { name, queue, delaySeconds: 0 };
}
