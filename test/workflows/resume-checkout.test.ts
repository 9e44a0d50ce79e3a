import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restartWorkflow } from '../../src/database/transactions/restart-workflows.ts';
import { noBuyerDetails } from '../../src/domain/order.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { inTransaction } from '../../src/shared/statement.ts';
import { CheckoutAnswers } from '../../src/workflows/checkout-answers.ts';
import { openCheckout } from '../../src/workflows/open-checkout.ts';
import { waysToCancel } from '../support/edges.ts';
import { becomes, placeOrder, type TestOrder } from '../support/orders.ts';
import { reservePort } from '../support/ports.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Checkouts that do not end in the workflow that began them: replayed after a crash, or continued by another workflow.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '0.1' });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

const workflowOf = ({ key }: TestOrder): string => `checkout-${key}`;

test('a checkout that died after it recorded the session finds it again, although the provider is away', async () => {
  const order = await placeOrder(shop);
  const [row] = await shop.database('orders').where({ order_id: order.order_id });
  // Nothing listens there.
  const serviceUrl = `http://127.0.0.1:${await reservePort()}`;
  const away = createStripeProvider({ secretKey, serviceUrl, webhookSecrets: [], timeoutSeconds: 8 });
  const opened = await openCheckout(
    {
      database: shop.shopDatabase,
      provider: away,
      answers: new CheckoutAnswers(),
      publicUrl: shop.shopUrl,
      holdLimits: null,
      emailsPerDay: 3,
      paymentRetries: 0,
      paymentRetrySeconds: 0.01,
    },
    {
      requestId: row.request_id,
      order: {
        ...noBuyerDetails,
        checkoutKey: order.key,
        requestHash: row.request_hash,
        items: [{ sku: 'shackle', qty: 1 }],
        browserId: null,
        shownCents: null,
        holdSeconds: 600,
      },
    },
  );
  const session = { sessionId: order.payment_id, url: order.payment_url };
  expect(opened).toMatchObject({ outcome: 'opened', order: { orderId: order.order_id }, session });
});

/** Ends the checkout's own workflow, and gives the order to one that continues it. */
async function continueElsewhere(order: TestOrder): Promise<void> {
  await inTransaction(shop.shopDatabase, (sql) => restartWorkflow(sql, 'resume-checkout', order.order_id));
}

async function isCancelledByItsShopper(order: TestOrder): Promise<void> {
  await becomes(shop, order, { status: 'cancelled' });
  const [row] = await shop.database('orders').where({ order_id: order.order_id });
  expect(row.reason).toBe('cancelled_by_shopper');
}

test('a cancellation that its shopper asked for while no workflow ran is carried out by the next one', async () => {
  const order = await placeOrder(shop);
  await DBOS.cancelWorkflow(workflowOf(order));
  // The page waits for the end of the order, so the request is answered later.
  const asked = waysToCancel['on the order’s page'](shop, order);
  await waitFor(
    'the cancellation',
    () => shop.database('order_history').where({ order_id: order.order_id, what: 'cancel_asked' }),
    (entries) => entries.length > 0,
  );
  await continueElsewhere(order);
  await isCancelledByItsShopper(order);
  await asked;
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
  await isCancelledByItsShopper(order);
});
