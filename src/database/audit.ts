import { inTransaction, type Statement } from '../shared/statement.ts';
import type { Database } from './connection.ts';
import { applicationName, failuresSql } from './workflow-ids.ts';

/** A rule that every database of a shop keeps and that no constraint of a table can express, and the query of the rows that break it. */
interface Rule {
  /** The promise of README that the rule is a part of. */
  readonly promise: string;
  readonly name: string;
  readonly sql: string;
}

const delivered = 'Who is charged gets the goods or the money back';
const once = 'Nothing happens twice';
const units = 'Available, held and sold units are the supplied ones';
const survives = 'Acknowledged work goes on';
const cents = 'Amounts reconcile to the cent';

// Due work waits for a poll, a workflow, and up to seven seconds for the end of a lost process.
const secondsDue = 30;
// The others take over the work of a process within this time after its end.
const secondsToTakeOver = 10;

/** SQL of the orders whose status and payment contradict each other. */
export const contradictoryOrdersSql = `
  select order_id, status, state from orders join payments using (order_id)
  where case status
    when 'pending' then state not in ('creating', 'open', 'paid', 'expired')
    when 'cancelled' then state not in ('expired', 'refund_due')
    when 'refunded' then state <> 'refunded'
    else state not in ('settled', 'refund_due')
  end`;

const rules: readonly Rule[] = [
  {
    promise: delivered,
    name: 'the status of an order fits its payment',
    sql: contradictoryOrdersSql,
  },
  {
    promise: once,
    name: 'an order is placed, paid, dispatched and cancelled at most once',
    sql: `select order_id, what, count(*) as times from order_history
      where what in ('placed', 'paid', 'paid_late', 'dispatched', 'cancelled', 'refunded')
      group by order_id, what having count(*) > 1`,
  },
  {
    promise: units,
    name: 'available, held and sold units of a product are the supplied ones, and none is negative',
    sql: `select sku, available, held, sold, supplied from stock_accounts
      where not balanced or least(available, held, sold) < 0`,
  },
  {
    promise: survives,
    // A workflow that tries again, or an attention item, is progress.
    name: `no work is due for ${secondsDue} seconds without a workflow or an attention item`,
    sql: `select workflow, id, order_id, due_at from due_work join ${failuresSql} using (workflow)
      where due_at < now() - interval '${secondsDue} seconds'
        and not exists (
          select from dbos.workflow_status where workflow_uuid = workflow_id and status in ('PENDING', 'ENQUEUED', 'DELAYED')
        )
        and not exists (
          select from attention where resolved_at is null and (
            (attention.kind = failure.kind and subject = cast(id as text)) or attention.order_id = due_work.order_id
          )
        )`,
  },
  {
    promise: survives,
    name: 'every pending workflow belongs to a living process',
    sql: `select workflow_uuid, executor_id from dbos.workflow_status
      where status = 'PENDING' and application_name = '${applicationName}'
        and updated_at < (extract(epoch from now()) - ${secondsDue}) * 1000
        and not exists (
          select from executors
          where executors.executor_id = workflow_status.executor_id
            and coalesce(ended_at, seen_at) > now() - interval '${secondsToTakeOver} seconds'
        )`,
  },
  {
    promise: cents,
    name: 'the lines of an order add up to its total, and its payment asks for it',
    sql: `select order_id, total_cents, lines.sum as lines, amount_cents as payment from orders
      join (select order_id, sum(quantity * unit_price_cents) as sum from order_lines group by order_id) as lines using (order_id)
      left join payments using (order_id)
      where lines.sum <> total_cents or amount_cents <> total_cents`,
  },
  {
    promise: cents,
    name: 'the refunds of a payment add up to what it counts as refunded',
    sql: `select order_id, refunded_cents, coalesce(sum(refunds.amount_cents), 0) as refunds
      from payments left join refunds using (order_id)
      group by order_id, refunded_cents having coalesce(sum(refunds.amount_cents), 0) <> refunded_cents`,
  },
];

/** A rule that is broken, and some of the rows that break it. */
export interface BrokenRule {
  readonly promise: string;
  readonly rule: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** There are more rows. */
  readonly more: boolean;
}

const rowsPerRule = 20;

/** The result of an audit. */
export interface Audit {
  readonly rules: number;
  readonly broken: readonly BrokenRule[];
}

/** Checks every rule on one snapshot of the database. It changes nothing, and its cost grows with the orders. */
export function auditDatabase(database: Database): Promise<Audit> {
  return inTransaction(database, async (sql) => {
    await sql('set transaction isolation level repeatable read, read only');
    return audit(sql);
  });
}

/** Checks every rule in an open transaction. */
export async function audit(sql: Statement): Promise<Audit> {
  const broken: BrokenRule[] = [];
  for (const { promise, name, sql: query } of rules) {
    const rows = await sql<Record<string, unknown>>(`${query} limit ${rowsPerRule + 1}`);
    if (rows.length === 0) continue;
    broken.push({ promise, rule: name, rows: rows.slice(0, rowsPerRule), more: rows.length > rowsPerRule });
  }
  return { rules: rules.length, broken };
}
