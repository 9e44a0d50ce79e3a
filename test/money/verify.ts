import { expect } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import type { MailServer } from '../support/mail-server.ts';
import { byOrder, expectStockBalanced, type Ledger, readLedger, stockAccounts } from '../support/promises.ts';
import { waitFor } from '../support/wait.ts';
import { type Context, post } from './buyer.ts';

/** The amount of unfinished work; `blockers` lists what prevents it. */
interface Unfinished {
  readonly orders: number;
  readonly refunds: number;
  readonly emails: number;
  readonly workflows: number;
  readonly blockers: string | null;
}

/** How much is still to be done. Reconciliation comes and goes by itself and is not counted. */
async function unfinished(database: Database): Promise<Unfinished> {
  const { rows } = await database.raw<{ rows: Unfinished[] }>(
    `select (select count(*)::integer from orders where status in ('pending', 'paid')) as orders,
            (select count(*)::integer from refunds where state = 'due') as refunds,
            (select count(*)::integer from emails where sent_at is null) as emails,
            (select count(*)::integer from dbos.workflow_status
             where status in ('PENDING', 'ENQUEUED', 'DELAYED') and not starts_with(workflow_uuid, 'sched-')) as workflows,
            (select string_agg(distinct text, '; ') from (
               select kind || ': ' || reason as text from attention where resolved_at is null and kind <> 'dispute'
               union all select workflow_uuid || ': ' || left(error, 900) from dbos.workflow_output where error is not null
             ) as troubles) as blockers`,
  );
  const [row] = rows;
  if (!row) throw new Error('Nothing was counted.');
  return row;
}

/** Waits until nothing is left to do. The comparison with the provider, which runs hourly, finds events that it never sent. */
export async function untilFinished(context: Context): Promise<void> {
  await untilNothingIsLeft(context);
  // A comparison reads hundreds of pages; with half of them failing it would never come to its end.
  await setFaults(context, { faults: {} });
  await waitFor(
    'a comparison with the provider that finds nothing any more',
    async () => (await post(context, `${context.shopUrl}/reconciliation`, {})).body as Record<string, number>,
    (found) => Object.values(found).every((number) => number === 0),
  );
  // Work that the comparison found is done from here on.
  await untilNothingIsLeft(context);
}

async function untilNothingIsLeft({ database }: Context): Promise<void> {
  await waitFor(
    'everything to come to its end',
    () => unfinished(database),
    ({ orders, refunds, emails, workflows }) => orders + refunds + emails + workflows === 0,
  );
}

/** Sets the faults that the payment service injects into all sessions. */
export async function setFaults({ paymentUrl }: Pick<Context, 'paymentUrl'>, body: object): Promise<void> {
  const answer = await fetch(`${paymentUrl}/control/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`The faults were refused: ${await answer.text()}`);
}

/** The Message-ID of a message that arrived. */
export function messageId({ headers }: MailServer['received'][number]): string {
  return headers.map((line) => /^Message-ID: (\S+)/i.exec(line)?.[1]).find(Boolean) ?? 'none';
}

interface OrderOfRun {
  readonly order_id: number;
  readonly status: string;
  readonly total_cents: number;
  readonly refunded_cents: number | null;
}

/** Promises 1 to 3 of README, between our rows, the payment service's ledger, and the messages that arrived. */
export async function expectPromisesKept(
  { database, paymentUrl, shopUrl }: Context,
  messageIds: readonly string[],
): Promise<void> {
  await expectStockBalanced(database);
  expect(await database('discount_accounts').select('held', 'balanced'), 'uses of codes').toEqual([
    { held: 0, balanced: true },
  ]);
  for (const { sku, held } of Object.values(await stockAccounts(database)))
    expect(held, `held of ${sku}`).toBe(0);
  const orders = await database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .select<OrderOfRun[]>('orders.order_id', 'status', 'total_cents', 'refunded_cents');
  const ledger = await readLedger(paymentUrl);
  const charges = byOrder(ledger.charges);
  const refunds = byOrder(ledger.refunds);
  for (const order of orders) {
    const charged = charges.get(order.order_id) ?? [];
    const refunded = sum(amounts(refunds.get(order.order_id) ?? []));
    const fulfilled = order.status === 'dispatched';
    expect(charged.length, `charges of order ${order.order_id}`).toBeLessThanOrEqual(1);
    expect(refunded, `refunds of order ${order.order_id}, ours and theirs`).toBe(order.refunded_cents ?? 0);
    expect(sum(amounts(charged)) - refunded, `money kept for order ${order.order_id}, ${order.status}`).toBe(
      fulfilled ? order.total_cents - refunded : 0,
    );
    if (fulfilled)
      expect(refunded, `refunds of the fulfilled order ${order.order_id}`).toBeLessThan(order.total_cents);
  }
  expect(
    ledger.sessions.filter(({ status }) => status === 'open'),
    'sessions that can still be paid',
  ).toEqual([]);
  await expectSumsRight(shopUrl, ledger);
  await expectEmailsRight(database, messageIds);
  await expectNothingFailed(database);
}

/** The shop's report to its operator matches the provider's ledger. */
async function expectSumsRight(shopUrl: string, ledger: Ledger): Promise<void> {
  const answer = await fetch(`${shopUrl}/reconciliation`);
  const { accounts } = (await answer.json()) as { accounts: { money: object[] } };
  const [charged, refunded] = [sum(amounts(ledger.charges)), sum(amounts(ledger.refunds))];
  const sums = { currency: 'USD', charged, refunded, refund_due: 0, earned: charged - refunded };
  expect(accounts.money, 'the sums of money').toEqual([sums]);
}

/** One email per order and kind (and per refund), each to an order that it fits. */
async function expectEmailsRight(database: Database, messageIds: readonly string[]): Promise<void> {
  expect(messageIds.length - new Set(messageIds).size, 'messages that arrived twice').toBe(0);
  const confirmed = await database('emails').where({ kind: 'order_confirmed' }).pluck<number[]>('order_id');
  const arrived = messageIds.flatMap((id) => /^<email-(\d+)-order_confirmed@/.exec(id)?.[1] ?? []);
  expect(new Set(arrived.map(Number)), 'orders whose confirmation arrived').toEqual(new Set(confirmed));
  const { rows } = await database.raw<{ rows: { order_id: number }[] }>(
    `select order_id from orders
     where (select count(*) from emails where emails.order_id = orders.order_id and kind = 'order_confirmed')
         <> (case when exists (select 1 from order_history where order_history.order_id = orders.order_id and what = 'paid') then 1 else 0 end)
        -- Each buyer has one order, so the address of a cancelled one had never paid.
        or exists (select from emails where emails.order_id = orders.order_id and kind = 'order_cancelled')
        or (select count(*) from emails where emails.order_id = orders.order_id and kind = 'refund_made')
         <> (select count(*) from refunds where refunds.order_id = orders.order_id)`,
  );
  expect(rows, 'orders with an email too few or too many').toEqual([]);
}

async function expectNothingFailed(database: Database): Promise<void> {
  const failed = await database('dbos.workflow_status')
    .whereIn('status', ['ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'])
    .select('workflow_uuid', 'status', 'error');
  expect(failed, 'workflows that failed').toEqual([]);
  // A dispute is a person's to answer; nothing else is.
  const blockers = await database('attention').whereNull('resolved_at').whereNot('kind', 'dispute');
  expect(blockers, 'what needs a person').toEqual([]);
}

function amounts(rows: readonly { amount: number }[]): number[] {
  return rows.map(({ amount }) => amount);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
