import { DBOS } from '@dbos-inc/dbos-sdk';
import { searchEverywhere } from '../../src/database/queries/mentions.ts';
import { newestOrderAt } from '../../src/database/queries/orders.ts';
import {
  findOtherWorkflows,
  hasPersonalData,
  listOrdersInProgress,
  readPersonalData,
} from '../../src/database/queries/personal-data.ts';
import { advanceNumbers } from '../../src/database/transactions/advance-numbers.ts';
import { askErasure, eraseUnknownPayments } from '../../src/database/transactions/erase-personal-data.ts';
import { giveBack, listClaims } from '../../src/database/transactions/executors.ts';
import {
  flagUnknownPayment,
  resolveRefundedPayments,
} from '../../src/database/transactions/unknown-payments.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { inTransaction, statementsOf } from '../../src/shared/statement.ts';
import { compareWithProvider } from '../../src/workflows/compare-with-provider.ts';
import { afterHiddenPayment, askProvider, pauseComparison, waysToCancel } from './edges.ts';
import {
  ask,
  becomes,
  control,
  outcomeOfEvent,
  pay,
  placeOrder,
  placePaidOrder,
  setFaults,
  type TestOrder,
} from './orders.ts';
import { refund } from './refunds.ts';
import { secretKey } from './settings.ts';
import type { TestShop } from './shop.ts';
import { waitFor } from './wait.ts';

type Scenario = (shop: TestShop) => Promise<void>;

const email = 'ann@reader.example';

/** Runs every scenario once. A new final state of an order needs a scenario here. */
export async function sweepWorkflows(shop: TestShop): Promise<void> {
  // The comparison must not find the payments that a scenario hides from the shop.
  await pauseComparison();
  for (const scenario of Object.values(scenarios)) await scenario(shop);
}

const scenarios: Readonly<Record<string, Scenario>> = {
  'paid and dispatched': async (shop) => {
    await becomes(shop, await placePaidOrder(shop, { email }), { status: 'dispatched' });
  },
  'cancelled by its shopper, and paid all the same': async (shop) => {
    const order = await placeOrder(shop, { email });
    await waysToCancel['on the order’s page'](shop, order);
    await becomes(shop, order, { status: 'cancelled' });
    await control(shop, order, 'late_payment');
    await becomes(shop, order, { status: 'refunded' });
  },
  'paid after its session has ended': async (shop) => {
    const order = await placeOrder(shop);
    await askProvider(shop, `checkout/sessions/${order.payment_id}/expire`, 'POST');
    await becomes(shop, order, { status: 'cancelled' });
    await control(shop, order, 'late_payment');
    await becomes(shop, order, { status: 'dispatched' });
  },
  'paid without an event, and cancelled': async (shop) => {
    const order = await placeOrder(shop);
    await setFaults(shop, order, { webhook_drop: 1 });
    await pay(shop, order);
    await waysToCancel['on the order’s page'](shop, order);
    await becomes(shop, order, { status: ['paid', 'dispatched'] });
  },
  'paid back in full': async (shop) => {
    const order = await placePaidOrder(shop, { email });
    await refund(shop, order, { restock: true });
    await becomes(shop, order, { status: 'refunded' });
  },
  'paid back at the provider': async (shop) => {
    const order = await placePaidOrder(shop);
    await control(shop, order, 'refund');
    await becomes(shop, order, { status: 'refunded' });
  },
  'paid back in part at the provider without an event, and then in full': async (shop) => {
    const order = await placePaidOrder(shop);
    await setFaults(shop, order, { webhook_drop: 1 });
    await control(shop, order, 'refund', { amount: 500 });
    await refund(shop, order);
    await becomes(shop, order, { status: 'refunded' });
  },
  'disputed before it was known as paid': async (shop) => {
    const order = await placeOrder(shop);
    await setFaults(shop, order, { webhook_drop: 1 });
    await pay(shop, order);
    await outcomeOfEvent(shop, await afterHiddenPayment(shop, order, 'dispute'));
    await ask(`${shop.shopUrl}/reconciliation`);
    await becomes(shop, order, { status: ['paid', 'dispatched'] });
  },
  'lost with its workflow, long ago': async (shop) => {
    const order = await placeOrder(shop);
    await loseWorkflow(shop, order);
    await ask(`${shop.shopUrl}/reconciliation`);
    await becomes(shop, order, { status: 'cancelled' });
  },
};

async function loseWorkflow(shop: TestShop, order: TestOrder): Promise<void> {
  await DBOS.cancelWorkflow(`checkout-${order.key}`);
  const longAgo = shop.database.raw(`now() - interval '1 hour'`);
  await shop.database('orders').where({ order_id: order.order_id }).update({ hold_expires_at: longAgo });
}

/** Scheduled work, and the start and end of processes. */
export async function sweepSchedules(shop: TestShop): Promise<void> {
  await askErasureOfFinished(shop);
  for (const name of ['reconcile', 'compare-with-provider', 'housekeeping']) {
    const run = await DBOS.triggerSchedule(name);
    await run.getResult();
  }
  await endSilentProcess(shop);
  const sql = statementsOf(shop.shopDatabase);
  await giveBack(sql, 'gone~00000000', await listClaims(sql, 'gone~00000000'));
  await compareTomorrow(shop);
  await continueRestored(shop);
  await erasePerson(shop);
}

/** Marks old orders, which the housekeeping then erases in several batches. */
async function askErasureOfFinished({ database }: TestShop): Promise<void> {
  await database('orders').whereBetween('order_id', [1, 60]).update({ erase_asked_at: new Date() });
}

/** The statements of the programs that export and erase a person. */
async function erasePerson({ shopDatabase }: TestShop): Promise<void> {
  const address = ['nobody@reader.example'];
  for (const subject of [{ address }, { orderId: 1_000_000 }]) {
    await readPersonalData(shopDatabase, subject);
    await inTransaction(shopDatabase, (sql) => askErasure(sql, subject));
    await listOrdersInProgress(shopDatabase, subject);
  }
  await hasPersonalData(shopDatabase, 1_000_000);
  await findOtherWorkflows(shopDatabase, address);
  await inTransaction(shopDatabase, (sql) => eraseUnknownPayments(sql, address));
  await searchEverywhere(shopDatabase, address);
}

/** The statements of the program for a restored database. */
async function continueRestored({ shopDatabase }: TestShop): Promise<void> {
  await newestOrderAt(shopDatabase);
  const payment = { orderId: null, amountCents: 100, currency: 'USD', transactionId: 'pi_lost', email };
  await inTransaction(shopDatabase, async (sql) => {
    await advanceNumbers(sql, { orderId: 0, refundId: 0 });
    await flagUnknownPayment(sql, { ...payment, sessionId: 'cs_lost' });
    await resolveRefundedPayments(sql);
  });
}

/** A process that ended without a word: the shop declares it dead. */
async function endSilentProcess({ database }: TestShop): Promise<void> {
  const silent = { executor_id: 'gone~00000000', host: 'elsewhere', build: '0.0.0' };
  await database('executors').insert({ ...silent, seen_at: database.raw(`now() - interval '1 hour'`) });
  await waitFor(
    'the end of a silent process',
    () => database('executors').where('executor_id', silent.executor_id).pluck('ended_at'),
    ([endedAt]) => endedAt !== null,
  );
}

/** Compares as a run of tomorrow does, when the sessions of today are no longer new. */
async function compareTomorrow({
  shopDatabase: database,
  paymentUrl,
  shopUrl: publicUrl,
}: TestShop): Promise<void> {
  const [today, tomorrow] = [0, 86_400_000].map((later) => new Date(Date.now() + later - 3_600_000));
  const provider = createStripeProvider({
    secretKey,
    serviceUrl: paymentUrl,
    webhookSecrets: [],
    timeoutSeconds: 8,
  });
  const context = { live: false, dispatchSeconds: 0, emailsPerDay: 3, publicUrl };
  const comparing = { database, provider, context };
  if (today && tomorrow) await compareWithProvider(comparing, today, tomorrow);
}
