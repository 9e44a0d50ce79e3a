import { inTransaction, type Statement } from '../shared/statement.ts';
import type { Database } from './connection.ts';
import { refusalsSql } from './tables.ts';
import { applicationName, failuresSql } from './workflow-ids.ts';

/** A rule that every database of a shop keeps and that no constraint of a table can express, and the query of the rows that break it. */
interface Rule {
  /** The promise of README that the rule is a part of. */
  readonly promise: string;
  readonly name: string;
  /** It also concerns the processes that run at the time of the audit. */
  readonly ofProcesses?: true;
  readonly sql: string;
}

const delivered = 'Who is charged gets the goods or the money back';
const once = 'Nothing happens twice';
const units = 'Available, held and sold units are the supplied ones';
const survives = 'Acknowledged work goes on';
const cents = 'Amounts reconcile to the cent';

// Due work waits for a poll, a workflow, and up to seven seconds for the end of a lost process; a lost workflow, or a dispatch that a
// deferred event has stopped, also for the next reconciliation.
const secondsDue = 30;
// The others take over the work of a process within ten seconds. One that is alone must start and be steady for seven seconds first.
const secondsToTakeOver = 30;
// A process takes workflows from its queues once a second.
const secondsToClaim = 30;

const ofShop = `application_name = '${applicationName}'`;
const millisecondsBefore = (seconds: number) => `(extract(epoch from now()) - ${seconds}) * 1000`;
const someProcessLives = `exists (
  select from executors where ended_at is null and seen_at > now() - interval '${secondsToTakeOver} seconds'
)`;

/** SQL of the orders whose status and payment contradict each other. Only a refused order has no payment. */
export const contradictoryOrdersSql = `
  select order_id, status, state from orders left join payments using (order_id)
  where case
    when state is null then (status = 'cancelled' and reason in (${refusalsSql})) is not true
    when status = 'pending' then state not in ('creating', 'open', 'paid', 'expired')
    when status = 'cancelled' then state not in ('expired', 'refund_due')
    when status = 'refunded' then state <> 'refunded'
    else state not in ('settled', 'refund_due')
  end`;

const ofMoneyAndStock: readonly Rule[] = [
  {
    promise: delivered,
    name: 'the status of an order fits its payment',
    sql: contradictoryOrdersSql,
  },
  {
    promise: delivered,
    name: 'a payment that goes back has a refund that is due, and one that has gone back has none',
    sql: `select order_id, state from payments
      where state in ('refund_due', 'refunded') and (state = 'refund_due') <> exists (
        select from refunds where refunds.order_id = payments.order_id and refunds.state = 'due'
      )`,
  },
  {
    promise: delivered,
    name: 'a paid order has something left to ship, and no other order that was paid has',
    sql: `select order_id, status, state, left_units from orders join payments using (order_id)
      cross join lateral (
        select sum(quantity - shipped - stopped) as left_units from order_lines where order_lines.order_id = orders.order_id
      ) as lines
      where paid_at is not null and (status = 'paid' and state = 'settled') <> (left_units > 0)`,
  },
  {
    promise: once,
    name: 'the parcels of a line contain what it counts as shipped',
    sql: `select order_id, product_id, shipped, parcels from order_lines
      left join (
        select order_id, product_id, sum(quantity) as parcels from shipment_lines group by order_id, product_id
      ) as contents using (order_id, product_id)
      where shipped <> coalesce(parcels, 0)`,
  },
  {
    promise: cents,
    name: 'the parts of a refund are not more than its amount',
    sql: `select refund_id, order_id, amount_cents, for_delivery_cents, for_lines from refunds
      cross join lateral (
        select coalesce(sum(refund_lines.amount_cents), 0) as for_lines from refund_lines where refund_lines.refund_id = refunds.refund_id
      ) as lines
      where for_delivery_cents + for_lines > amount_cents`,
  },
  {
    promise: delivered,
    name: 'only paid orders are shipped',
    sql: `select shipment_id, order_id from shipments join orders using (order_id) where paid_at is null`,
  },
  {
    promise: once,
    name: 'an order is paid by one event at most',
    sql: `select order_id, count(*) as events from payment_events
      where outcome in ('applied', 'late')
        and type in ('checkout.session.completed', 'checkout.session.async_payment_succeeded')
      group by order_id having count(*) > 1`,
  },
  {
    promise: units,
    name: 'available, held and sold units of a product are the supplied ones, and none is negative',
    sql: `select sku, available, held, sold, supplied from stock_accounts
      where not balanced or least(available, held, sold) < 0`,
  },
  {
    promise: units,
    name: 'free, held and used uses of a discount code are the issued ones, and none is negative',
    sql: `select code, free, held, used, issued from discount_accounts where not balanced or least(free, held, used) < 0`,
  },
  {
    promise: units,
    name: 'an order uses its discount code unless it is cancelled',
    sql: `select order_id, status, discount_code, uses_code from orders
      where discount_code is not null and status <> 'refunded' and uses_code <> (status <> 'cancelled')`,
  },
  {
    promise: cents,
    // A constraint of the table adds up subtotal, discount, delivery and tax.
    name: 'the lines of an order, their discounts and their taxes add up to its amounts, and its payment asks for the total',
    sql: `select order_id, total_cents, subtotal_cents, discount_cents, tax_cents, value, discount, tax, amount_cents as payment from orders
      left join (
        select order_id, sum(cast(quantity as bigint) * unit_price_cents) as value, sum(discount_cents) as discount, sum(tax_cents) as tax
        from order_lines group by order_id
      ) as lines using (order_id)
      left join payments using (order_id)
      where (value, discount, tax) is distinct from (subtotal_cents, discount_cents, tax_cents - delivery_tax_cents)
        or amount_cents <> total_cents`,
  },
  {
    promise: cents,
    name: 'the refunds of a payment add up to what it counts as refunded',
    sql: `select order_id, refunded_cents, coalesce(sum(refunds.amount_cents), 0) as refunds
      from payments left join refunds using (order_id)
      group by order_id, refunded_cents having coalesce(sum(refunds.amount_cents), 0) <> refunded_cents`,
  },
];

const ofHistory: Rule = {
  promise: once,
  name: 'the history of an order has one entry for each thing that its rows say has happened, and begins with the placing',
  sql: `select order_id, status, state, entries from orders left join payments using (order_id)
    cross join lateral (
      select array_agg(what order by history_id) as entries,
        count(*) filter (where what = 'placed') as placed,
        count(*) filter (where what = 'payment_opened') as opened,
        count(*) filter (where what = 'paid') as paid,
        count(*) filter (where what = 'paid_late') as paid_late,
        count(*) filter (where what = 'shipped') as shipped,
        count(*) filter (where what = 'dispatched') as dispatched,
        count(*) filter (where what = 'cancelled') as cancelled,
        count(*) filter (where what = 'refund_made') as refunds_made,
        count(*) filter (where what = 'refunded') as refunded
      from order_history where order_history.order_id = orders.order_id
    ) as history
    where (entries[1] = 'placed') is distinct from (state is not null)
      or placed <> cast(state is not null as integer)
      or (paid + paid_late > 0) <> (paid_at is not null)
      or shipped <> (
        select count(*) from shipments where shipments.order_id = orders.order_id and request_key is not null
      )
      or dispatched <> cast(dispatched_at is not null as integer)
      or cancelled < cast(cancelled_at is not null as integer)
      or refunded <> cast(refunded_at is not null as integer)
      or refunds_made <> (select count(*) from refunds where refunds.order_id = orders.order_id and refunds.state = 'made')
      or greatest(opened, paid, paid_late, cancelled) > 1`,
};

const ofWork: readonly Rule[] = [
  {
    promise: survives,
    // The item of its failure leaves it to an operator. No other item is about it.
    name: 'work that is due has a workflow, or an attention item of its failure',
    sql: `select workflow, id, order_id, due_at from due_work join ${failuresSql} using (workflow)
      where due_at < now() - (${secondsDue} + :reconcileSeconds) * interval '1 second'
        and not exists (
          select from dbos.workflow_status where workflow_uuid = workflow_id and status in ('PENDING', 'ENQUEUED', 'DELAYED')
        )
        and not exists (
          select from attention where resolved_at is null and attention.kind = failure.kind and subject = cast(id as text)
        )`,
  },
  {
    promise: survives,
    name: 'a process is living while there are workflows',
    ofProcesses: true,
    sql: `select count(*) as workflows, (select max(seen_at) from executors) as last_heartbeat from dbos.workflow_status
      where status in ('PENDING', 'ENQUEUED', 'DELAYED') and ${ofShop} and schedule_name is null and not ${someProcessLives}
      having count(*) > 0`,
  },
  {
    promise: survives,
    // After an outage of Postgres every heartbeat is old for a moment.
    name: 'every pending workflow belongs to a living process',
    ofProcesses: true,
    sql: `select workflow_uuid, executor_id from dbos.workflow_status
      where status = 'PENDING' and ${ofShop} and updated_at < ${millisecondsBefore(secondsToTakeOver)} and ${someProcessLives}
        and not exists (
          select from executors
          where executors.executor_id = workflow_status.executor_id
            and coalesce(ended_at, seen_at) > now() - interval '${secondsToTakeOver} seconds'
        )`,
  },
  {
    promise: survives,
    // A process that runs as many workflows of a queue as it may takes the next one later.
    name: 'some process takes the workflows that wait in a queue',
    ofProcesses: true,
    sql: `select workflow_uuid, status, queue_name from dbos.workflow_status as waiting
      where status in ('ENQUEUED', 'DELAYED') and ${ofShop} and ${someProcessLives}
        and greatest(updated_at, delay_until_epoch_ms) < ${millisecondsBefore(secondsToClaim)}
        and not exists (
          select from dbos.workflow_status as taken
          where taken.queue_name = waiting.queue_name and taken.started_at_epoch_ms > ${millisecondsBefore(secondsToClaim)}
        )
        and not exists (
          select from dbos.queues where queues.name = waiting.queue_name and worker_concurrency <= (
            select count(*) from dbos.workflow_status as running
            where running.queue_name = waiting.queue_name and running.status = 'PENDING'
          )
        )`,
  },
];

const rules = [...ofMoneyAndStock, ofHistory, ...ofWork];

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

/** The circumstances of an audit. */
export interface AuditOptions {
  /** The seconds between two reconciliations of the shop, which due work may wait for. */
  readonly reconcileSeconds: number;
  /** Whether processes of the shop are to run. Without them, only the rules about rows count. */
  readonly processes: boolean;
}

/** Checks every rule on one snapshot of a live database. It changes nothing, and its cost grows with the orders. */
export function auditDatabase(database: Database, reconcileSeconds: number): Promise<Audit> {
  return inTransaction(database, async (sql) => {
    await sql('set transaction isolation level repeatable read, read only');
    return audit(sql, { reconcileSeconds, processes: true });
  });
}

/** Checks the rules in an open transaction. */
export async function audit(sql: Statement, { reconcileSeconds, processes }: AuditOptions): Promise<Audit> {
  const checked = rules.filter(({ ofProcesses }) => processes || !ofProcesses);
  const broken: BrokenRule[] = [];
  for (const { promise, name, sql: query } of checked) {
    const limited = `${query} limit ${rowsPerRule + 1}`;
    const rows = await sql<Record<string, unknown>>(limited, { reconcileSeconds });
    if (rows.length === 0) continue;
    broken.push({ promise, rule: name, rows: rows.slice(0, rowsPerRule), more: rows.length > rowsPerRule });
  }
  return { rules: checked.length, broken };
}
