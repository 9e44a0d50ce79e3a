import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectMoneySettled } from '../support/money.ts';
import { becomes, control, placePaidOrder, setFaults } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', OPERATOR_TOKEN: operatorToken });
});

afterAll(() => shop.close());

test('a full refund after an unreported external refund of a part pays back the rest', async () => {
  const order = await placePaidOrder(shop, { sku: 'shackle', qty: 1 });
  await setFaults(shop, order, { webhook_drop: 1 });
  await control(shop, order, 'refund', { amount: 500 });

  expect(await refund(shop, order)).toMatchObject({ status: 202, body: { amount: 1890 } });
  await becomes(shop, order, { status: 'refunded' });
  const refunds = await shop
    .database('refunds')
    .orderBy('amount_cents')
    .select('amount_cents', 'actor', 'state');
  expect(refunds).toEqual([
    { amount_cents: 500, actor: 'provider', state: 'made' },
    { amount_cents: 1390, actor: 'operator', state: 'made' },
  ]);

  // The event of the external refund arrives at last and changes nothing.
  const authorized = { authorization: `Bearer ${operatorToken}` };
  await fetch(`${shop.shopUrl}/reconciliation`, { method: 'POST', headers: authorized });
  const attention = await fetch(`${shop.shopUrl}/attention`, { headers: authorized });
  expect(await attention.json()).toEqual([]);
  await expectMoneySettled(shop);
  await expectStockBalanced(shop.database);
});
