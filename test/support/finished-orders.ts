import { connect } from '../../src/database/connection.ts';

/** The browser of a customer who has ordered again and again: every so many of the orders are of this one. */
export const regular = { browserId: 'regular-customer-00001', oneOrderIn: 5_000 } as const;

const connections = 3;
const moment = `lateral (select now() - (cast(:orders as integer) + 1 - n) * interval '10 seconds' as at) as moment`;
const milliseconds = 'cast(extract(epoch from at) * 1000 as bigint)';
// In the order of an index, which then only grows at its end.
const serial = `lpad(cast(n as text), 8, '0')`;
const everyOrder = 'generate_series(1, cast(:orders as integer)) as n';
// Retention leaves the workflows of the newest orders only.
const newestOrders = 'generate_series(cast(:orders as integer) * 9 / 10, cast(:orders as integer)) as n';

// The longest first, so that they end together.
const fillings = [
  `insert into orders (order_id, checkout_key, request_hash, token, browser_id, request_id, status, reason, email, subtotal_cents,
     total_cents, currency, created_at, hold_expires_at, paid_at, dispatch_due_at, dispatched_at, cancelled_at, refunded_at)
   overriding system value
   select n, 'old-' || ${serial}, repeat('0', 64), 'token-of-finished-order-' || ${serial},
     case when n % ${regular.oneOrderIn} = 0 then '${regular.browserId}' when n % 4 = 0 then lpad(cast(n / 16 as text), 22, '0') end, 'request ' || n,
     case when n % 50 = 1 then 'cancelled' when n % 100 = 2 then 'refunded' else 'dispatched' end,
     case when n % 50 = 1 then 'hold_expired' end, 'reader-' || n % 1000 || '@reader.example', 100, 100, 'USD', at, at, at, at, at,
     case when n % 50 = 1 then at end, case when n % 100 = 2 then at end
   from ${everyOrder} cross join ${moment}`,
  `insert into payments (order_id, state, session_id, url, amount_cents, currency, transaction_id, refunded_cents)
   select n, case when n % 50 = 1 then 'expired' when n % 100 = 2 then 'refunded' else 'settled' end, 'cs_old_' || ${serial},
     '', 100, 'USD', case when n % 50 <> 1 then 'pi_old_' || ${serial} end, case when n % 100 = 2 then 100 else 0 end
   from ${everyOrder}`,
  `insert into order_history (order_id, what) select n, 'paid' from ${everyOrder}`,
  `insert into order_lines (order_id, product_id, quantity, unit_price_cents, shipped)
   select n, 1 + n % 8, 1, 100, case when n % 50 = 1 then 0 else 1 end from ${everyOrder}`,
  `insert into shipments (shipment_id, order_id, actor, shipped_at)
   overriding system value select n, n, 'dispatch', at from ${everyOrder} cross join ${moment} where n % 50 <> 1`,
  `insert into shipment_lines (shipment_id, order_id, product_id, quantity) select n, n, 1 + n % 8, 1 from ${everyOrder} where n % 50 <> 1`,
  `insert into payment_events (event_id, type, body, outcome, order_id, received_at, tried_at)
   select 'evt_old_' || ${serial}, 'checkout.session.completed', '{}', case when n % 50 = 0 then 'unknown_order' else 'applied' end,
     case when n % 50 <> 0 then n end, at, at
   from ${everyOrder} cross join ${moment}`,
  `insert into dbos.workflow_status (workflow_uuid, status, name, executor_id, created_at, updated_at, application_version,
     queue_name, started_at_epoch_ms, completed_at, application_name)
   select kind || ${serial}, 'SUCCESS', kind, 'shop-0', ${milliseconds}, ${milliseconds}, 'PATCHING_ENABLED', queue, ${milliseconds},
     ${milliseconds}, 'holdfast'
   from ${newestOrders} cross join (values ('checkout-old-', null), ('dispatch-', 'dispatch')) as workflow (kind, queue)
   cross join ${moment}`,
  `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, completed_at_epoch_ms, application_name)
   select 'checkout-old-' || ${serial}, step, 'step', '1', ${milliseconds}, 'holdfast'
   from ${newestOrders} cross join generate_series(0, 3) as step cross join ${moment}`,
  `insert into dbos.notifications (message_uuid, destination_uuid, topic, message, consumed)
   select 'old-' || ${serial}, 'checkout-old-' || ${serial}, 'payment', '{}', true from ${newestOrders}`,
  `insert into dbos.workflow_input (workflow_uuid, inputs) select 'checkout-old-' || ${serial}, '{}' from ${newestOrders}`,
  `insert into dbos.workflow_output (workflow_uuid, output) select 'checkout-old-' || ${serial}, '{}' from ${newestOrders}`,
  `insert into dbos.workflow_events (workflow_uuid, key, value) select 'checkout-old-' || ${serial}, 'answered', '1' from ${newestOrders}`,
  `insert into dbos.workflow_events_history (workflow_uuid, function_id, key, value)
   select 'checkout-old-' || ${serial}, 1, 'answered', '1' from ${newestOrders}`,
  `insert into emails (order_id, kind, sent_at, subject, text_body, html_body)
   select n, 'order_confirmed', now(), 'paid', '', '' from ${everyOrder} where n % 4 = 0`,
  `insert into carts (browser_id, checkout_key) select lpad(cast(n as text), 22, '0'), 'cart-' || ${serial} from ${everyOrder} where n % 10 = 0`,
  `insert into cart_lines (browser_id, product_id, quantity, unit_price_cents)
   select lpad(cast(n as text), 22, '0'), 1 + n % 8, 1, 100 from ${everyOrder} where n % 10 = 0`,
  // As after an attack within the last hour.
  `insert into holders (client_hash, order_id, unpaid_at)
   select 'client-hash-' || ${serial}, n, now() from ${newestOrders}`,
  `insert into refunds (order_id, amount_cents, reason, note, actor, request_key, state, made_at)
   select n, 100, 'operator', 'broken', 'operator', 'old-' || ${serial}, 'made', now() from ${everyOrder} where n % 100 = 2`,
  `insert into attention (kind, subject, order_id, reason, resolved_at, resolution, note)
   select 'dispute', 'order ' || n, n, 'charge_disputed', now(), 'operator', 'answered' from ${everyOrder} where n % 50 = 0`,
  `insert into supply (product_id, quantity, reason, actor, request_key)
   select product_id, (select count(*) from ${everyOrder} where 1 + n % 8 = product_id and n % 50 <> 1), 'delivery', 'operator', 'sold ' || sku
   from products
   union all select 1, 0, 'delivery', 'operator', 'old-' || ${serial} from ${everyOrder} where n % 50 = 0`,
];

const counted = {
  orders: 'order_id',
  order_history: 'history_id',
  emails: 'email_id',
  refunds: 'refund_id',
  shipments: 'shipment_id',
};

/**
 * Fills a fresh database with finished orders and with the rows that years of them leave behind. Narrow
 * rows, but as many; the sums of stock and money are right.
 */
export async function fillWithFinishedOrders(databaseUrl: string, orders: number): Promise<void> {
  const database = connect(databaseUrl, connections);
  const waiting = [...fillings];
  const fill = async (): Promise<void> => {
    for (let filling = waiting.shift(); filling !== undefined; filling = waiting.shift()) {
      const sql = filling;
      await database.transaction(async (trx) => {
        // No triggers and no look at the other side of a reference: the rows fit.
        await trx.raw('set local session_replication_role = replica');
        await trx.raw(sql, { orders });
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, fill));
    for (const [table, column] of Object.entries(counted)) {
      await database.raw(
        `select setval(pg_get_serial_sequence(:table, :column), max(${column})) from ${table}`,
        { table, column },
      );
    }
    await database.raw('vacuum analyze');
  } finally {
    await database.destroy();
  }
}
