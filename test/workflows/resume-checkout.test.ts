import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { restartWorkflow } from '../../src/database/transactions/restart-workflows.ts';
import { inTransaction } from '../../src/shared/statement.ts';
import { waysToCancel } from '../support/edges.ts';
import { ask, becomes, pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Checkouts that do not end in the workflow that began them: replayed after a crash, or continued by another workflow.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '0.1', PAYMENT_RETRIES: '0' });
});

afterEach(() => setRates({}));

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

async function setRates(faults: Readonly<Record<string, number>>): Promise<void> {
  const { status } = await ask(`${shop.paymentUrl}/control/faults`, { faults }, { method: 'PUT' });
  expect(status).toBe(200);
}

const workflowOf = ({ key }: TestOrder): string => `checkout-${key}`;

test('a checkout that died after it recorded the session waits for the payment, although the provider is away', async () => {
  const order = await placeOrder(shop);
  await setRates({ api_error_before: 1 });
  await shop
    .database('dbos.operation_outputs')
    .where({ workflow_uuid: workflowOf(order) })
    .delete();
  await DBOS.resumeWorkflows([workflowOf(order)]);
  await waitFor(
    'the replay',
    () => shop.database('dbos.operation_outputs').where({ workflow_uuid: workflowOf(order) }),
    (steps) => steps.length > 0,
  );
  await pay(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
});

/** Ends the checkout's own workflow, and gives the order to one that continues it. */
async function continueElsewhere(order: TestOrder): Promise<void> {
  await inTransaction(shop.shopDatabase, (sql) => restartWorkflow(sql, 'resume-checkout', order.order_id));
}

test('a cancellation that its shopper asked for while no workflow ran is carried out by the next one', async () => {
  const order = await placeOrder(shop);
  await DBOS.cancelWorkflow(workflowOf(order));
  await waysToCancel['on the order’s page'](shop, order);
  await continueElsewhere(order);
  await becomes(shop, order, { status: 'cancelled', reason: 'cancelled_by_shopper' });
});

test('a cancellation reaches the workflow that continues a checkout', async () => {
  const order = await placeOrder(shop);
  await DBOS.cancelWorkflow(workflowOf(order));
  await continueElsewhere(order);
  const workflow = `resume-checkout-${order.order_id}-1`;
  await waitFor(
    'the continued wait',
    () => shop.database('dbos.operation_outputs').where({ workflow_uuid: workflow }),
    (steps) => steps.length >= 2,
  );
  await waysToCancel['on the order’s page'](shop, order);
  await becomes(shop, order, { status: 'cancelled', reason: 'cancelled_by_shopper' });
});
