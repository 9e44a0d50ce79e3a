import type { AddressForms, DataSubject } from '../../shared/address.ts';
import { inTransaction, statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { checkoutWorkflowIdSql, workflowIdSql } from '../workflow-ids.ts';
import { engineTables, isAddressSql, mentionBindings, mentioningWorkflowsSql } from './mentions.ts';

// docs/PRIVACY.md lists every place of personal data. Those in the engine's tables are the inputs and steps of the workflows that get the
// address of a buyer: checkouts and emails.

/**
 * The digest of the request of an order whose personal data was erased. No request has it, so nobody can test by it whether an address was
 * that of the buyer.
 */
export const erasedHash = '0'.repeat(64);

/** SQL of whether a row of `orders` is about a subject at present, by `subjectBindings`. */
const isTheirsNowSql = `(${isAddressSql('orders.email')} or orders.order_id = cast(:orderId as bigint))`;

/**
 * SQL of whether a row of `orders` is about a subject, by `subjectBindings`, also under the address that was corrected. Nothing is exported
 * by that one, because it may belong to a stranger.
 */
export const isTheirsSql = `(${isTheirsNowSql} or ${isAddressSql('orders.first_email')})`;

/** The bindings of both. */
export function subjectBindings(subject: DataSubject) {
  return 'address' in subject
    ? { address: [...subject.address], orderId: null }
    : { address: [], orderId: subject.orderId };
}

/** SQL of the ids of all workflows that got the address of a row of `orders`, also of those that are deleted. */
const workflowIdsSql = `
  select ${checkoutWorkflowIdSql} as workflow_id
  union all
  select ${workflowIdSql(`'email'`, 'email_id', 'nullif(restart, 0)')}
  from emails left join restarts on restarts.workflow = 'email' and restarts.id = email_id
  cross join generate_series(0, coalesce(restarts.count, 0)) as restart
  where emails.order_id = orders.order_id`;

const workflowsSql = `from dbos.workflow_status where workflow_uuid = any(array(${workflowIdsSql}))`;

const isActiveSql = `workflow_status.status in ('PENDING', 'ENQUEUED', 'DELAYED')`;

/** SQL of whether the engine still has a workflow that got the address of a row of `orders`. */
export const hasWorkflowsSql = `exists (select ${workflowsSql})`;

/** Why an order still needs the address of its buyer. */
export type OrderProgress = 'refund_due' | 'pending' | 'paid' | 'email_due' | 'workflow_active';

/**
 * SQL of the progress of a row of `orders`; null once it has ended. A message that waits for an operator's decision does not count,
 * because it is given up together with its address.
 */
export const progressSql = `
  case
    when exists (select from refunds where refunds.order_id = orders.order_id and state = 'due') then 'refund_due'
    when orders.status in ('pending', 'paid') then orders.status
    when exists (
      select from emails where emails.order_id = orders.order_id and sent_at is null and not exists (
        select from attention where kind = 'email_failed' and subject = cast(email_id as text) and resolved_at is null
      )
    ) then 'email_due'
    when exists (select ${workflowsSql} and ${isActiveSql}) then 'workflow_active'
  end`;

/**
 * Why the personal data of an order is removed. `asked`: its buyer wants it, and the order has ended. `unpaid`: it was cancelled a day
 * ago and never paid. `ended`: it ended some days ago.
 */
export type ErasureReason = 'asked' | 'unpaid' | 'ended';

const endedAt = 'coalesce(refunded_at, dispatched_at, cancelled_at)';

/** SQL of whether a row of `orders` has an address. The one of the placement may be alone: a shop that sends no messages removes the other. */
const hasAddressSql = '(email is not null or first_email is not null or address is not null)';

// Each in the order of an index that has only orders with personal data.
const due: Readonly<Record<ErasureReason, { readonly condition: string; readonly order: string }>> = {
  asked: { condition: 'erase_asked_at is not null', order: 'order_id' },
  unpaid: {
    condition: `status = 'cancelled' and paid_at is null and ${hasAddressSql}
      and cancelled_at < now() - interval '1 day'`,
    order: 'cancelled_at',
  },
  ended: {
    condition: `status in ('dispatched', 'cancelled', 'refunded') and (${hasAddressSql} or browser_id is not null)
      and ${endedAt} < now() - cast(:days as integer) * interval '1 day'`,
    order: endedAt,
  },
};

/** An order whose personal data is to be removed, and the workflows to delete before. */
export interface DueErasure {
  readonly orderId: number;
  readonly workflowIds: readonly string[];
}

/** Lists ended orders whose personal data is to be removed for a reason; `days` is for `ended`. */
export function listDueErasures(
  database: Database,
  search: { readonly reason: ErasureReason; readonly days: number; readonly limit: number },
): Promise<DueErasure[]> {
  const { condition, order } = due[search.reason];
  return statementsOf(database)<DueErasure>(
    `select order_id, array(select workflow_uuid ${workflowsSql}) as workflow_ids
     from orders where ${condition} and ${progressSql} is null order by ${order} limit :limit`,
    { limit: search.limit, days: search.days },
  );
}

/** Whether anything personal of an order is left: in its row, in a workflow, or where its mark for erasure leads to. */
export async function hasPersonalData(database: Database, orderId: number): Promise<boolean> {
  const left = await statementsOf(database)(
    `select from orders where order_id = :orderId
       and (erase_asked_at is not null or ${hasAddressSql} or browser_id is not null or ${hasWorkflowsSql})`,
    { orderId },
  );
  return left.length > 0;
}

/** An order that has not ended. */
export interface OrderInProgress {
  readonly orderId: number;
  readonly progress: OrderProgress;
}

/** Lists the orders of a subject that have not ended. */
export function listOrdersInProgress(database: Database, subject: DataSubject): Promise<OrderInProgress[]> {
  return statementsOf(database)<OrderInProgress>(
    `select order_id, progress from (
       select order_id, ${progressSql} as progress from orders where ${isTheirsSql}
     ) as theirs where progress is not null order by order_id`,
    subjectBindings(subject),
  );
}

/**
 * Finds the workflows that have ended and mention an address, but for those of orders that are marked for erasure. They have no order, or
 * one whose address was corrected since. It reads all workflows.
 */
export async function findOtherWorkflows(database: Database, address: AddressForms): Promise<string[]> {
  const found = await statementsOf(database)<{ workflowId: string }>(
    `select workflow_uuid as workflow_id from (${mentioningWorkflowsSql}) as mentioning
     left join dbos.workflow_status using (workflow_uuid)
     where (${isActiveSql}) is not true and workflow_uuid not in (
       select workflow_id from orders cross join lateral (${workflowIdsSql}) as own where erase_asked_at is not null
     ) order by 1`,
    mentionBindings(address),
  );
  return found.map(({ workflowId }) => workflowId);
}

/** Everything that is stored about a person: whole rows, by table. */
export interface PersonalData {
  /** Each with the rows of other tables about it. */
  readonly orders: readonly object[];
  /** The carts of the browsers that placed these orders. */
  readonly carts: readonly object[];
  /** Payments of unknown orders: their events, and their attention items. */
  readonly unknown_payments: readonly object[];
  /** The workflows of the orders, and all others that mention the address. */
  readonly workflows: readonly object[];
}

/** Reads everything that is stored about a subject, in one snapshot. */
export function readPersonalData(database: Database, subject: DataSubject): Promise<PersonalData> {
  const { orderId, address } = subjectBindings(subject);
  return inTransaction(database, async (sql) => {
    await sql('set transaction isolation level repeatable read, read only');
    const [data] = await sql<{ everything: PersonalData }>(
      `select json_build_object('orders', ${orders}, 'carts', ${carts}, 'unknown_payments', ${unknownPayments},
         'workflows', ${workflows}) as everything`,
      { orderId, address, ...mentionBindings(address) },
    );
    return data?.everything ?? { orders: [], carts: [], unknown_payments: [], workflows: [] };
  });
}

const rows = (from: string, row = 'to_jsonb(one)') =>
  `(select coalesce(json_agg(${row}), '[]') from ${from})`;
const theirOrders = `orders where ${isTheirsNowSql}`;

const ofOrder = [
  'order_lines',
  'payments',
  'payment_events',
  'refunds',
  'shipments',
  'shipment_lines',
  'emails',
  'order_history',
  'attention',
  'holders',
].map((table) => `'${table}', ${rows(`${table} as one where one.order_id = orders.order_id`)}`);
const orders = rows(theirOrders, `to_jsonb(orders) || jsonb_build_object(${ofOrder.join(', ')})`);

const lines = rows('cart_lines as one where one.browser_id = carts.browser_id');
const carts = rows(
  `carts where browser_id in (select browser_id from ${theirOrders})`,
  `to_jsonb(carts) || jsonb_build_object('cart_lines', ${lines})`,
);

const unknownPayments = rows(
  `(
  select to_jsonb(payment_events) as one from payment_events where ${isAddressSql('email')}
  union all
  select to_jsonb(attention) from attention
  where kind = 'unknown_payment' and ${isAddressSql(`detail ->> 'email'`)}
) as unknown`,
  'one',
);

const ofWorkflow = engineTables
  .filter(([table]) => table !== 'workflow_status')
  .map(
    ([table, id]) => `'${table}', ${rows(`dbos.${table} as one where one.${id} = workflow.workflow_uuid`)}`,
  );
const workflows = rows(
  `dbos.workflow_status as workflow where workflow_uuid in (
     select workflow_id from orders cross join lateral (${workflowIdsSql}) as own where ${isTheirsNowSql}
     union ${mentioningWorkflowsSql}
   )`,
  `to_jsonb(workflow) || jsonb_build_object(${ofWorkflow.join(', ')})`,
);
