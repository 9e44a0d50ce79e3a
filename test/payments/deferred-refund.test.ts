import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMoneySettled } from '../support/money.ts';
import { ask, becomes, control, pay, placeOrder, placePaidOrder, setFaults } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { authorized, operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The dispatch is long over before reconciliation comes by itself: goods must not leave when the money is back already.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    DISPATCH_SECONDS: '0.1',
    HOLD_SECONDS: '4',
    RECONCILE_SECONDS: '3600',
    OPERATOR_TOKEN: operatorToken,
  });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

function reconcile() {
  return ask(`${shop.shopUrl}/reconciliation`, undefined, { headers: authorized });
}

describe('money that is back before we recorded its arrival', () => {
  test('by an event that overtook the one of the payment: the goods wait, and stay', async () => {
    const order = await placeOrder(shop, { sku: 'shackle', qty: 1 });
    await setFaults(shop, order, { webhook_delay: 1 });
    await pay(shop, order);
    await setFaults(shop, order, {});
    await control(shop, order, 'refund');
    await becomes(shop, order, { status: 'paid' });
    await waitFor(
      'the dispatch to have had its turn',
      () =>
        shop
          .database('dbos.workflow_status')
          .where({ workflow_uuid: `dispatch-${order.order_id}` })
          .first('status'),
      (workflow) => workflow?.status === 'SUCCESS',
    );
    await becomes(shop, order, { status: 'paid' });
    await reconcile();
    await becomes(shop, order, { status: 'refunded' });
  });

  test('without an event of either: asking the provider finds both', async () => {
    const order = await placeOrder(shop, { sku: 'thimble', qty: 1 });
    await setFaults(shop, order, { webhook_drop: 1 });
    await pay(shop, order);
    await control(shop, order, 'refund');
    await becomes(shop, order, { status: 'paid' });
    await reconcile();
    await becomes(shop, order, { status: 'refunded' });
  });
});

test('an idempotency key of a part is not the key of all', async () => {
  const order = await placePaidOrder(shop, { sku: 'block', qty: 1 });
  const headers = { ...authorized, 'idempotency-key': randomUUID() };
  const part = { amount: 100, reason: 'a scratch' };
  const url = `${shop.shopUrl}/order/${order.order_id}/refund`;
  expect(await ask(url, part, { headers })).toMatchObject({ status: 202, body: { amount: 100 } });
  expect(await ask(url, part, { headers })).toMatchObject({ status: 202, body: { amount: 100 } });
  expect(await ask(url, { reason: part.reason }, { headers })).toMatchObject({ status: 422 });
  expect(await refund(shop, order)).toMatchObject({ status: 202, body: { amount: 6350 } });
  await becomes(shop, order, { status: 'refunded' });
});
