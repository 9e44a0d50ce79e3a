import { randomBytes } from 'node:crypto';
import type { AttentionKind } from './tables.ts';

// The engine's rows contain these names and ids. A release that changes one strands the orders in flight.

/** The name under which the engine keeps this application's workflows. */
export const applicationName = 'holdfast';

/** A new id for one start of a process; `label` says which process of which host it is. */
export function newExecutorId(label: string): string {
  return `${label}~${randomBytes(6).toString('base64url')}`;
}

/** One queue per kind of peer, so that a slow peer delays its own work only. Checkouts wait in one only when they are taken over. */
export const queues = { checkout: 'checkout', dispatch: 'dispatch', money: 'money', email: 'email' } as const;

/**
 * The workflows about one order, refund or email; its number is their argument. Each first reads what is left to do, so
 * it can be started again. `failure` is the attention item of one that failed.
 */
export const workflows = {
  'resume-checkout': { queue: queues.money, failure: 'checkout_failed' },
  dispatch: { queue: queues.dispatch, failure: 'dispatch_failed' },
  refund: { queue: queues.money, failure: 'refund_failed' },
  email: { queue: queues.email, failure: 'email_failed' },
} as const satisfies Readonly<Record<string, { readonly queue: string; readonly failure: AttentionKind }>>;

export type WorkflowName = keyof typeof workflows;

/** The kinds of attention items that can be tried again. */
export type RestartableKind = (typeof workflows)[WorkflowName]['failure'];

const failures = Object.entries(workflows).map(([workflow, { failure }]) => ({ workflow, failure }));

/** SQL of a relation `failure (kind, workflow)`: the workflow that each restartable kind of attention item is about. */
export const failuresSql = `(values ${failures
  .map(({ workflow, failure }) => `('${failure}', '${workflow}')`)
  .join(', ')}) as failure (kind, workflow)`;

/** The workflow that an attention item is about; undefined when there is nothing to start again. */
export function workflowOfFailure(kind: AttentionKind): WorkflowName | undefined {
  return failures.find(({ failure }) => failure === kind)?.workflow as WorkflowName | undefined;
}

/** The workflow that carries one checkout from the reservation to the payment. */
export function checkoutWorkflowId(checkoutKey: string): string {
  return `checkout-${checkoutKey}`;
}

/** The same in SQL, for a row of `orders`. */
export const checkoutWorkflowIdSql = `'checkout-' || checkout_key`;

/**
 * SQL of the id of a workflow about one order, refund or email. All parameters are SQL.
 * @param restart how often it was started again; null for the first start
 */
export function workflowIdSql(workflow: string, id: string, restart = 'null'): string {
  return `concat_ws('-', ${workflow}, cast(${id} as bigint), cast(${restart} as integer))`;
}

/** The topic on which a checkout receives its messages. */
export const paymentTopic = 'payment';

/**
 * A message to a checkout. `paid`: the order is paid, with the commit that sent the message. `cancel`: its shopper wants to
 * cancel. `holdExpired`: the time to pay is over. Without any of them, the payment's row has changed.
 */
export interface PaymentMessage {
  readonly paid?: true;
  readonly cancel?: true;
  readonly holdExpired?: true;
}
