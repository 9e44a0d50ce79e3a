import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMoneySettled } from '../support/money.ts';
import { ask, placeOrder, placePaidOrder, readStatus, type TestOrder } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { authorized, operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Payments that cannot be refunded, and requests that are no refund (docs/PAYMENTS.md).

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', HOLD_SECONDS: '600', OPERATOR_TOKEN: operatorToken });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

describe('a refund is refused, and nothing changes:', () => {
  let paid: TestOrder;
  let unpaid: TestOrder;
  let cancelled: TestOrder;

  beforeAll(async () => {
    paid = await placePaidOrder(shop);
    unpaid = await placeOrder(shop);
    cancelled = await placeOrder(shop);
    await ask(`${shop.shopUrl}/payment_webhook/${cancelled.payment_id}/cancelled`);
  });

  test.each([
    ['a negative amount', { amount: -1 }],
    ['an amount of 0', { amount: 0 }],
    ['half a cent', { amount: 0.5 }],
    ['an amount in words', { amount: '500' }],
    ['an amount beyond all numbers', { amount: 1e300 }],
    ['no reason', { reason: undefined }],
    ['an empty reason', { reason: '  ' }],
    ['a reason with a control character', { reason: 'came\u0000broken' }],
    ['a reason of 201 letters', { reason: 'a'.repeat(201) }],
    ['a restock in words', { restock: 'yes' }],
    ['an unknown field', { currency: 'eur' }],
  ])('%s', async (_what, body) => {
    expect(await refund(shop, paid, body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await readStatus(shop, paid)).toMatchObject({ status: 'paid', refunded: 0 });
  });

  test('more than was paid', async () => {
    const answer = await refund(shop, paid, { amount: paid.total + 1 });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'refund_too_large', refundable: paid.total },
    });
  });

  test('an order that is not paid, or cancelled', async () => {
    const notRefundable = { status: 409, body: { code: 'not_refundable', refundable: 0 } };
    expect(await refund(shop, unpaid)).toMatchObject(notRefundable);
    expect(await refund(shop, cancelled)).toMatchObject(notRefundable);
  });

  test('an unknown order, and a malformed order number', async () => {
    expect(await refund(shop, { order_id: 2_000_000_000 })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(await refund(shop, { order_id: 1.5 })).toMatchObject({
      status: 400,
      body: { code: 'invalid_input' },
    });
  });

  test('a key that is none', async () => {
    const answer = await refund(shop, paid, {}, { ...authorized, 'idempotency-key': 'late 1' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  test('anybody without the token', async () => {
    for (const headers of [{}, { authorization: 'Bearer operator-0123456789abcdeF' }]) {
      const answer = await refund(shop, paid, {}, headers);
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
    expect(await readStatus(shop, paid)).toMatchObject({ status: 'paid', refunded: 0 });
  });
});
