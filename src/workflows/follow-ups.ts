import type { FollowUps, WorkflowStart } from '../database/outbox.ts';
import type { Restartable } from '../database/transactions/restarts.ts';
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
    dispatch: (orderId) => ({ ...dispatchNow(orderId), delaySeconds: dispatchSeconds }),
    refund: refundNow,
    email: emailNow,
    checkoutId: checkoutWorkflowId,
    paymentTopic,
  };
}

/** The dispatch of an order whose time has come. */
function dispatchNow(orderId: number): WorkflowStart {
  return start(workflowNames.dispatch, queues.dispatch, orderId);
}

/** Paying back one refund. */
function refundNow(refundId: number): WorkflowStart {
  return start(workflowNames.refund, queues.money, refundId);
}

/** Sending one email. */
function emailNow(emailId: number): WorkflowStart {
  return start(workflowNames.email, queues.email, emailId);
}

/** Taking up an order whose checkout workflow is gone. */
function resumeCheckoutNow(orderId: number): WorkflowStart {
  return start(workflowNames.resumeCheckout, queues.money, orderId);
}

/** What is started once more when a story of that name ended badly. */
export const startNow: Readonly<Record<Restartable, (id: number) => WorkflowStart>> = {
  [workflowNames.resumeCheckout]: resumeCheckoutNow,
  [workflowNames.dispatch]: dispatchNow,
  [workflowNames.refund]: refundNow,
  [workflowNames.email]: emailNow,
};

function start(name: string, queue: string, id: number): WorkflowStart {
  return { name, id: `${name}-${id}`, queue, argument: id, delaySeconds: 0 };
}
