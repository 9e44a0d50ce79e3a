import type { Database } from '../../src/database/connection.ts';

// The rows of one order and its workflows at the moment at which a step was recorded. Times are left out: they count from now on.

export type Row = Readonly<Record<string, unknown>>;
/** Rows by table, in the order in which they can be inserted. */
export type Moment = Readonly<Record<string, readonly Row[]>>;

const own = 'order_id = orders.order_id';
const ofWorkflows = `in (
  select 'checkout-' || checkout_key union all select 'dispatch-' || orders.order_id
  union all select 'refund-' || refund_id from refunds where refunds.${own}
  union all select 'email-' || email_id from emails where emails.${own}
)`;

/** The tables of an order, with a condition on the row of `orders`. */
const tables: Readonly<Record<string, string>> = {
  orders: 'true',
  order_lines: `order_lines.${own}`,
  payments: `payments.${own}`,
  payment_events: `payment_events.${own}`,
  refunds: `refunds.${own}`,
  shipments: `shipments.${own}`,
  shipment_lines: `shipment_lines.${own}`,
  emails: `emails.${own}`,
  order_history: `order_history.${own}`,
  'dbos.workflow_status': `workflow_status.workflow_uuid ${ofWorkflows}`,
  'dbos.workflow_input': `workflow_input.workflow_uuid ${ofWorkflows}`,
  'dbos.operation_outputs': `operation_outputs.workflow_uuid ${ofWorkflows}`,
  'dbos.notifications': `notifications.destination_uuid ${ofWorkflows}`,
};

const names = Object.keys(tables);

/** Has Postgres keep all rows whenever the engine has started a workflow or recorded a step, in the same commit. */
export async function recordMoments(database: Database): Promise<void> {
  const rows = names.map(
    (table) => `'${table}', (select coalesce(json_agg(one), '[]') from ${table} as one)`,
  );
  await database.raw(`
    create table moments (moment_id bigint generated always as identity, workflow text, rows json);
    create function record_moment() returns trigger language plpgsql as $$begin
      insert into moments (workflow, rows) values (new.workflow_uuid, json_build_object(${rows.join(', ')}));
      return null;
    end$$;
    create constraint trigger workflow_started after insert on dbos.workflow_status
      deferrable initially deferred for each row execute function record_moment();
    create constraint trigger step_recorded after insert on dbos.operation_outputs
      deferrable initially deferred for each row execute function record_moment();`);
}

/** The moments of one order's workflows, in their order, without the rows of other orders. */
export async function readMoments(database: Database, key: string): Promise<Moment[]> {
  const order = await database('orders').where({ checkout_key: key }).first<{ order_id: number }>();
  const ids = await pluck<string>(
    database,
    `select workflow_uuid from orders join dbos.workflow_status on workflow_uuid ${ofWorkflows} where order_id = ?`,
    [order.order_id],
  );
  const moments = await database('moments')
    .whereIn('workflow', ids)
    .orderBy('moment_id')
    .pluck<Moment[]>('rows');
  return moments.map((moment) =>
    Object.fromEntries(
      Object.entries(moment).map(([table, rows]) => [
        table,
        rows.filter((row) => isOf(row, order.order_id, ids)).map(withoutTimes),
      ]),
    ),
  );
}

function isOf(row: Row, orderId: number, ids: readonly string[]): boolean {
  return row['order_id'] === orderId || ids.includes(String(row['workflow_uuid'] ?? row['destination_uuid']));
}

const isTime = /_at$|^at$|epoch_ms$/;

function withoutTimes(row: Row): Row {
  const entries = Object.entries(row).filter(
    ([column, value]) =>
      value !== null && !/^(owner_xid|executor_id|retention_timestamp|text_body|html_body)$/.test(column),
  );
  return Object.fromEntries(
    entries.flatMap(([column, value]) => {
      if (!isTime.test(column)) return [[column, value]];
      return typeof value === 'string' ? [[column, 'now']] : [];
    }),
  );
}

/** Removes every order and workflow. New rows get numbers that no recorded row has. */
export async function removeOrders(database: Database): Promise<void> {
  const own = names.toReversed().filter((table) => !table.startsWith('dbos'));
  const engine = names.filter((table) => table.startsWith('dbos'));
  // Runs of schedules may be under way.
  const isOfOrder = `~ '^(checkout|dispatch|refund|email)-'`;
  const deletions = engine.map((table) => {
    const column = table === 'dbos.notifications' ? 'destination_uuid' : 'workflow_uuid';
    return `delete from ${table} where ${column} ${isOfOrder}`;
  });
  await database.raw(
    ['delete from attention', ...own.map((table) => `delete from ${table}`), ...deletions].join('; '),
  );
  await database.raw(`select setval(pg_get_serial_sequence('orders', 'order_id'), 1000),
    setval(pg_get_serial_sequence('refunds', 'refund_id'), 1000), setval(pg_get_serial_sequence('emails', 'email_id'), 1000),
    setval(pg_get_serial_sequence('shipments', 'shipment_id'), 1000)`);
}

const lostProcess = 'lost~00000000';

/** Inserts moments of several orders, and leaves their unfinished workflows to the processes that live. */
export async function loadMoments(database: Database, moments: readonly Moment[]): Promise<void> {
  await database.transaction(async (trx) => {
    for (const moment of moments) {
      for (const table of names) for (const row of moment[table] ?? []) await insert(trx, table, row);
    }
    await trx.raw(
      `update stock set available = supplied - held - sold from stock_accounts where stock.product_id = stock_accounts.product_id`,
    );
    await trx.raw(
      `insert into executors (executor_id, host, build, ended_at) values (?, 'gone', '0.1.0', now())
       on conflict (executor_id) do update set ended_at = now()`,
      [lostProcess],
    );
  });
}

async function insert(trx: Database, table: string, row: Row): Promise<void> {
  const added = addedTo(table, row);
  const now = new Date();
  const inTenMinutes = new Date(now.getTime() + 600_000);
  const entries = Object.entries(row).map(([column, value]): [string, unknown] => {
    if (value !== 'now') return [column, value];
    return [column, column === 'hold_expires_at' ? inTenMinutes : now];
  });
  const whole = { ...Object.fromEntries(entries), ...added };
  const columns = Object.keys(whole)
    .map((column) => `"${column}"`)
    .join(', ');
  await trx.raw(
    `insert into ${table} (${columns}) overriding system value select ${columns} from json_populate_record(null::${table}, ?::json)`,
    [JSON.stringify(whole)],
  );
}

/** The columns that the recording leaves out, and those that a migration of a later release fills in. */
function addedTo(table: string, row: Row): Row {
  if (table === 'orders') {
    return { delivery_cents: 0, subtotal_cents: row['total_cents'], fulfilment: 'automatic' };
  }
  if (table === 'order_lines') return { shipped: 0, stopped: 0 };
  if (table !== 'dbos.workflow_status') return {};
  return {
    created_at: 0,
    updated_at: Date.now(),
    ...(row['status'] === 'PENDING' && { executor_id: lostProcess, owner_xid: 'lost' }),
    ...(row['status'] === 'DELAYED' && { status: 'ENQUEUED' }),
  };
}

/** The end of an order: its status, its payment, and its workflows with their steps. */
export interface End {
  readonly status: string;
  readonly state: string | null;
  readonly workflows: readonly string[];
}

export async function readEnd(database: Database, key: string): Promise<End | undefined> {
  const order = await database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .where({ checkout_key: key })
    .first<{ order_id: number; status: string; state: string | null } | undefined>(
      'orders.order_id',
      'status',
      'state',
    );
  if (!order) return undefined;
  const workflows = await pluck<string>(
    database,
    `select concat(name, ' ', workflow_status.status, ': ', (
       select string_agg(function_name, ', ' order by function_id) from dbos.operation_outputs
       where operation_outputs.workflow_uuid = workflow_status.workflow_uuid
     )) from orders join dbos.workflow_status on workflow_uuid ${ofWorkflows} where order_id = ?`,
    [order.order_id],
  );
  return { status: order.status, state: order.state, workflows: workflows.toSorted() };
}

async function pluck<Value>(
  database: Database,
  sql: string,
  bindings: readonly (string | number)[],
): Promise<Value[]> {
  const { rows } = await database.raw<{ rows: Record<string, Value>[] }>(sql, bindings);
  return rows.flatMap((row) => Object.values(row));
}
