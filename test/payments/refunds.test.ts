import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMoneySettled, moneyOf } from '../support/money.ts';
import {
  becomes,
  control,
  hurryDispatch,
  outcomeOfEvent,
  placePaidOrder,
  readStatus,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { authorized, everyRefundMade, newsOf, operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Refunds by the operator's route (docs/PAYMENTS.md): never above what was paid, and each made once.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', HOLD_SECONDS: '600', OPERATOR_TOKEN: operatorToken });
});

afterAll(async () => {
  await everyRefundMade(shop);
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

function withKey(key: string): Record<string, string> {
  return { ...authorized, 'idempotency-key': key };
}

async function dispatched(request: Parameters<typeof placePaidOrder>[1]): Promise<TestOrder> {
  const order = await placePaidOrder(shop, request);
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  return order;
}

async function available(sku: string): Promise<number> {
  return (await stockAccounts(shop.database))[sku]?.available ?? Number.NaN;
}

describe.concurrent('a refund', () => {
  test('of everything, before the dispatch: the order is refunded, its units are back, and it is never dispatched', async () => {
    const before = await available('marlinspike');
    const order = await placePaidOrder(shop, { sku: 'marlinspike', qty: 3 });
    expect(await available('marlinspike')).toBe(before - 3);
    const { status, body } = await refund(shop, order);
    expect(status).toBe(202);
    expect(body).toMatchObject({
      order_id: order.order_id,
      amount: order.total,
      status: 'due',
      reason: 'came broken',
    });
    expect(await available('marlinspike')).toBe(before);
    await becomes(shop, order, { status: 'refunded', state: 'refunded', refunded: order.total });
    await hurryDispatch(shop, order);
    await waitFor(
      'the dispatch to be over',
      () => shop.database('dbos.workflow_status').where({ workflow_uuid: `dispatch-${order.order_id}` }),
      ([row]) => row.status === 'SUCCESS',
    );
    expect(await readStatus(shop, order)).toMatchObject({ status: 'refunded' });
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
  });

  test('of a part: the order stays paid, and is dispatched', async () => {
    const order = await placePaidOrder(shop);
    expect(await refund(shop, order, { amount: 390 })).toMatchObject({ status: 202, body: { amount: 390 } });
    await hurryDispatch(shop, order);
    await becomes(shop, order, { status: 'dispatched', state: 'settled', refunded: 390 });
    await everyRefundMade(shop);
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [390] });
  });

  test('in parts up to the total, and not a cent more', async () => {
    const order = await placePaidOrder(shop);
    expect(await refund(shop, order, { amount: 890 })).toMatchObject({ status: 202 });
    expect(await refund(shop, order, { amount: 1001 })).toMatchObject({
      status: 409,
      body: { code: 'refund_too_large', refundable: 1000 },
    });
    expect(await refund(shop, order, { amount: 600 })).toMatchObject({ status: 202 });
    expect(await refund(shop, order)).toMatchObject({ status: 202, body: { amount: 400 } });
    await becomes(shop, order, { status: 'refunded', refunded: order.total });
    expect((await moneyOf(shop, order)).refunds.toSorted((a, b) => a - b)).toEqual([400, 600, 890]);
    expect(await refund(shop, order, { amount: 1 })).toMatchObject({
      status: 409,
      body: { code: 'not_refundable', refundable: 0 },
    });
  });

  test('ten at once: as many as there is money for', async () => {
    const order = await placePaidOrder(shop);
    const answers = await Promise.all(Array.from({ length: 10 }, () => refund(shop, order, { amount: 700 })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202,
      202,
      ...Array(8).fill(409),
    ]);
    await everyRefundMade(shop);
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [700, 700] });
  });

  test('with a repeated key, also at once, is one refund; the key with another body is refused', async () => {
    const order = await placePaidOrder(shop);
    const key = randomUUID();
    const again = () => refund(shop, order, { amount: 500 }, withKey(key));
    const answers = await Promise.all([again(), again(), again()]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(new Set(answers.map(({ body }) => body['refund_id'])).size).toBe(1);
    await everyRefundMade(shop);
    expect(await again()).toMatchObject({ status: 202, body: { status: 'made', amount: 500 } });
    const other = await placePaidOrder(shop);
    const shared = randomUUID();
    const both = await Promise.all(
      [order, other].map((one) => refund(shop, one, { amount: 100 }, withKey(shared))),
    );
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 422]);
    for (const [target, body] of [
      [order, { amount: 501 }],
      [order, { amount: 500, reason: 'another reason' }],
      [other, { amount: 500 }],
    ] as const) {
      const answer = await refund(shop, target, body, withKey(key));
      expect(answer).toMatchObject({ status: 422, body: { code: 'key_reused' } });
    }
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [500] });
  });
});

describe.concurrent('the units of a refunded order', () => {
  test.each([
    ['stay with the buyer of a dispatched order', 'snatch-hook', {}, 0],
    ['come back from one when the operator restocks', 'turnbuckle', { restock: true }, 2],
  ])('%s', async (_what, sku, body, back) => {
    const order = await dispatched({ sku, qty: 2 });
    const before = await available(sku);
    expect(await refund(shop, order, body)).toMatchObject({ status: 202 });
    expect(await available(sku)).toBe(before + back);
    await everyRefundMade(shop);
    await expectStockBalanced(shop.database);
  });

  test('come back once, however often it is requested', async () => {
    const order = await dispatched({ sku: 'cleat', qty: 2 });
    const before = await available('cleat');
    await refund(shop, order, { restock: true, lines: [{ sku: 'cleat', qty: 1 }] });
    await refund(shop, order, { restock: true });
    expect(await available('cleat')).toBe(before + 2);
  });

  test('do not come back from an undispatched order without restock: they are lost', async () => {
    const order = await placePaidOrder(shop, { sku: 'bell', qty: 2 });
    const before = await available('bell');
    expect(await refund(shop, order, { restock: false })).toMatchObject({ status: 202 });
    await becomes(shop, order, { status: 'refunded' });
    expect(await available('bell')).toBe(before);
    await expectStockBalanced(shop.database);
  });

  test.each(['paid', 'dispatched'])(
    'do not come back with a part of the money of a %s order',
    async (status) => {
      const order = status === 'paid' ? await placePaidOrder(shop) : await dispatched({});
      const answer = await refund(shop, order, { amount: 100, restock: true });
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'invalid_input', issues: [{ field: 'restock' }] },
      });
      expect(await readStatus(shop, order)).toMatchObject({ refunded: 0 });
    },
  );
});

describe.concurrent('the provider’s events of refunds', () => {
  test('the event of our own refund, with the total so far, changes nothing', async () => {
    const order = await placePaidOrder(shop);
    for (const amount of [300, 200]) {
      await refund(shop, order, { amount });
      const news = await newsOf(shop, order, amount === 300 ? 300 : 500);
      expect(await outcomeOfEvent(shop, news)).toBe('no_change');
    }
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', refunded: 500 });
  });

  test('an external refund beside ours is recorded separately', async () => {
    const before = await available('thimble');
    const order = await placePaidOrder(shop, { sku: 'thimble', qty: 2 });
    await refund(shop, order, { amount: 300 });
    await newsOf(shop, order, 300);
    await control(shop, order, 'refund', { amount: 100 });
    await becomes(shop, order, { status: 'paid', refunded: 400 });
    await control(shop, order, 'refund');
    await becomes(shop, order, { status: 'refunded', refunded: order.total });
    expect(await available('thimble')).toBe(before);
  });

  test('a refund in the provider’s dashboard counts: only the rest is left to refund', async () => {
    const order = await placePaidOrder(shop);
    await control(shop, order, 'refund', { amount: 1000 });
    await becomes(shop, order, { refunded: 1000 });
    expect(await refund(shop, order, { amount: 891 })).toMatchObject({
      status: 409,
      body: { refundable: 890 },
    });
  });
});
