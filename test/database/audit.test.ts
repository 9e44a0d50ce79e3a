import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit, auditDatabase } from '../../src/database/audit.ts';
import { applicationName } from '../../src/database/workflow-ids.ts';
import { refusalReasons } from '../../src/domain/order.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { becomes, placeOrder, placePaidOrder } from '../support/orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.2' });
  await becomes(shop, await placePaidOrder(shop, { email: 'ann@reader.example' }), { status: 'dispatched' });
  await refund(shop, await placePaidOrder(shop), { amount: 100 });
  await everyRefundMade(shop);
  await shop.shopDatabase('discount_codes').insert({ code: 'SPRING', percent: 10, uses: 5 });
  await placeOrder(shop, { discount_code: 'SPRING' });
});

afterAll(() => shop?.close());

const reconcileSeconds = 30;

/** The rules that are broken after a statement, which is undone. */
async function brokenAfter(statement: string): Promise<string[]> {
  const transaction = await shop.shopDatabase.transaction();
  try {
    await transaction.raw(statement);
    const { broken } = await audit(statementsOf(transaction), { reconcileSeconds, processes: true });
    return broken.map(({ rule }) => rule);
  } finally {
    await transaction.rollback();
  }
}

test('the database of a shop that sells keeps every rule', async () => {
  expect(await auditDatabase(shop.shopDatabase, reconcileSeconds)).toEqual({ rules: 17, broken: [] });
});

const pending = `(select order_id from orders where status = 'pending')`;
const dispatched = `(select order_id from orders where status = 'dispatched' limit 1)`;
/** The order that waits for its payment has been past its hold for some seconds, and its workflow is gone. */
const lostFor = (seconds: number) => `
  update dbos.workflow_status set status = 'ERROR' where status = 'PENDING';
  update orders set hold_expires_at = now() - interval '${seconds} seconds' where status = 'pending';`;
const attention = (kind: string, reason: string) => `
  insert into attention (kind, subject, order_id, reason) select '${kind}', order_id, order_id, '${reason}' from orders where status = 'pending';`;
/** The workflow of the order that waits for its payment belongs to a process that was silent for some seconds. */
const silentFor = (seconds: number) => `
  insert into executors (executor_id, host, build, seen_at) values ('silent', '', '', now() - interval '${seconds} seconds');
  update dbos.workflow_status set executor_id = 'silent', updated_at = 0 where status = 'PENDING';`;
const noHeartbeats = `update executors set seen_at = now() - interval '40 seconds';`;
const enqueuedFor = (seconds: number, queue: string) => `
  update dbos.workflow_status set status = 'ENQUEUED', queue_name = '${queue}', started_at_epoch_ms = null,
    updated_at = (extract(epoch from now()) - ${seconds}) * 1000 where status = 'PENDING';`;
const insertQueue = (queue: string, workerConcurrency: number) => `
  insert into dbos.queues (name, worker_concurrency) values ('${queue}', ${workerConcurrency});`;
const insertPending = (queue: string) => `
  insert into dbos.workflow_status (workflow_uuid, status, name, queue_name, executor_id, application_name, created_at, updated_at)
  select 'running', 'PENDING', 'email', '${queue}', executor_id, '${applicationName}', 0, 0 from executors;`;
/** An order like the one that waits for its payment was refused when it was placed. */
const refused = (reason: string) => `
  with pending as (select * from orders where status = 'pending'), refused as (
    insert into orders (checkout_key, request_hash, token, request_id, status, reason, subtotal_cents, total_cents, currency, hold_expires_at, cancelled_at)
    select 'refused', request_hash, 'refused-' || token, request_id, 'cancelled', '${reason}', subtotal_cents, subtotal_cents, currency, now(), now()
    from pending returning order_id
  ), lines as (
    insert into order_lines (order_id, product_id, quantity, unit_price_cents)
    select refused.order_id, product_id, quantity, unit_price_cents from refused cross join pending
    join order_lines on order_lines.order_id = pending.order_id
  )
  insert into order_history (order_id, what) select order_id, 'cancelled' from refused;`;

test.each([
  [
    'the parts of a refund are not more than its amount',
    'its delivery is',
    'update refunds set for_delivery_cents = amount_cents + 1',
  ],
  [
    'the status of an order fits its payment',
    'it differs',
    `update orders set status = 'cancelled', cancelled_at = now(), reason = 'hold_expired' where status = 'dispatched'`,
  ],
  [
    'the status of an order fits its payment',
    'a pending order has no payment',
    `delete from payments where order_id = ${pending}`,
  ],
  [
    'a payment that goes back has a refund',
    'there is none',
    `update payments set state = 'refund_due', refunded_cents = amount_cents where order_id = ${dispatched}`,
  ],
  [
    'one entry for each thing',
    'one is there twice',
    `insert into order_history (order_id, what) values (${dispatched}, 'paid')`,
  ],
  [
    'one entry for each thing',
    'one is missing',
    `delete from order_history where what = 'dispatched' and order_id = ${dispatched}`,
  ],
  [
    'has something left to ship',
    'a dispatched one has',
    `update order_lines set shipped = shipped - 1 where order_id = ${dispatched}`,
  ],
  [
    'has something left to ship',
    'a paid one has nothing',
    `update orders set status = 'paid' where order_id = ${dispatched}`,
  ],
  [
    'what it counts as shipped',
    'there is no parcel',
    `delete from shipment_lines where order_id = ${dispatched}`,
  ],
  [
    'only paid orders are shipped',
    'one waits for its payment',
    `insert into shipments (order_id, actor) values (${pending}, 'operator')`,
  ],
  [
    'one entry for each thing',
    'that of a parcel is missing',
    `update shipments set request_key = 'key' where order_id = ${dispatched}`,
  ],
  [
    'paid by one event',
    'two have paid it',
    `insert into payment_events (event_id, type, body, outcome, order_id)
     select event_id || ' again', type, body, 'applied', order_id from payment_events where type = 'checkout.session.completed'`,
  ],
  ['supplied ones', 'there is one more', `update stock set available = available + 1 where product_id = 1`],
  ['work that is due', 'it is lost', lostFor(70)],
  ['work that is due', 'it is lost and disputed', lostFor(70) + attention('dispute', 'charge_disputed')],
  ['work that is due', 'it is lost and listed as overdue', lostFor(70) + attention('overdue', 'overdue')],
  ['belongs to a living process', 'its process is silent', silentFor(40)],
  ['a process is living', 'no process is', noHeartbeats],
  ['takes the workflows that wait', 'nobody does', enqueuedFor(40, 'nobodys')],
  ['takes the workflows that wait', 'it has room', insertQueue('roomy', 1) + enqueuedFor(40, 'roomy')],
  ['add up to its amounts', 'they do not', `update order_lines set unit_price_cents = unit_price_cents + 1`],
  ['add up to its amounts', 'there are none', `delete from order_lines where order_id = ${pending}`],
  [
    'add up to its amounts',
    'a discount does not',
    `update order_lines set discount_cents = discount_cents + 1`,
  ],
  ['are the issued ones', 'one use is free again', `update discount_codes set free_uses = free_uses + 1`],
  ['uses its discount code', 'it does not', `update orders set uses_code = false where uses_code`],
  ['counts as refunded', 'they do not add up', `update refunds set amount_cents = amount_cents + 1`],
])('a broken rule is reported: %s: %s', async (name, _circumstance, statement) => {
  expect(await brokenAfter(statement)).toEqual(expect.arrayContaining([expect.stringContaining(name)]));
  expect(await brokenAfter('select 1')).toEqual([]);
});

test.each([
  // A dispatch that a deferred event has stopped waits for the next reconciliation.
  ['work waits for reconciliation', lostFor(50)],
  ['lost work is left to an operator', lostFor(70) + attention('checkout_failed', 'workflow_failed')],
  ['a process that is alone starts again', silentFor(20)],
  ['a workflow was given back to its queue', enqueuedFor(20, 'nobodys')],
  ...refusalReasons.map((reason) => [`an order was refused: ${reason}`, refused(reason)]),
  ['a queue is full', insertQueue('full', 1) + enqueuedFor(40, 'full') + insertPending('full')],
])('a live database keeps every rule while %s', async (_circumstance, statement) => {
  expect(await brokenAfter(statement)).toEqual([]);
});

test('when no process has a fresh heartbeat, that is reported once, and not for each workflow', async () => {
  expect(await brokenAfter(silentFor(70) + noHeartbeats)).toEqual([
    'a process is living while there are workflows',
  ]);
});
