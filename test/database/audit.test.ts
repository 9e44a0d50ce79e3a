import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit, auditDatabase } from '../../src/database/audit.ts';
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
  await placeOrder(shop);
});

afterAll(() => shop?.close());

async function brokenRules(): Promise<string[]> {
  const { broken } = await auditDatabase(shop.shopDatabase);
  return broken.map(({ rule }) => rule);
}

test('the database of a shop that sells keeps every rule', async () => {
  expect(await auditDatabase(shop.shopDatabase)).toEqual({ rules: 7, broken: [] });
});

// Each statement breaks one rule, inside a transaction that is never committed.
test.each([
  [
    'status of an order',
    `update orders set status = 'cancelled', cancelled_at = now(), reason = 'hold_expired' where status = 'dispatched'`,
  ],
  [
    'at most once',
    `insert into order_history (order_id, what) select order_id, 'paid' from orders where status = 'dispatched'`,
  ],
  ['supplied ones', `update stock set available = available + 1 where product_id = 1`],
  [
    'no work is due',
    `with lost as (update dbos.workflow_status set status = 'ERROR' where status = 'PENDING')
     update orders set hold_expires_at = now() - interval '1 minute' where status = 'pending'`,
  ],
  [
    'living process',
    `with gone as (update dbos.workflow_status set executor_id = 'gone', updated_at = 0 where status = 'PENDING') select 1`,
  ],
  ['add up to its total', `update order_lines set unit_price_cents = unit_price_cents + 1`],
  ['counts as refunded', `update refunds set amount_cents = amount_cents + 1`],
])('a broken rule is reported: %s', async (name, statement) => {
  const transaction = await shop.shopDatabase.transaction();
  try {
    await transaction.raw(statement);
    const { broken } = await audit(statementsOf(transaction));
    expect(broken.map(({ rule }) => rule)).toEqual(expect.arrayContaining([expect.stringContaining(name)]));
  } finally {
    await transaction.rollback();
  }
  expect(await brokenRules()).toEqual([]);
});
