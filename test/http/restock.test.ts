import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop();
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

async function restock(body?: object, key?: string): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${shop.shopUrl}/restock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}

async function available(sku: string): Promise<number | undefined> {
  return (await stockAccounts(shop.database))[sku]?.available;
}

/** Places an order of one product, which holds its units, and returns its payment session. */
async function hold(sku: string, qty: number): Promise<string> {
  const response = await fetch(`${shop.shopUrl}/checkout/${randomUUID()}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items: [{ sku, qty }] }),
  });
  const { payment_id: paymentId } = (await response.json()) as { payment_id: string };
  return paymentId;
}

test('without a body raises to the restock level and lowers nothing; again it adds nothing', async () => {
  const { answer } = await restock();
  expect(answer).toEqual({
    restocked: [
      { sku: 'bell', added: 97 },
      { sku: 'block', added: 60 },
      { sku: 'marlinspike', added: 40 },
      { sku: 'turnbuckle', added: 70 },
    ],
  });
  expect(await available('thimble')).toBe(500);
  expect((await restock()).answer).toEqual({ restocked: [] });
});

test('counts held units, and ends at the level when their hold is over', async () => {
  const nothing = { status: 200, answer: { restocked: [] } };
  const paymentId = await hold('bell', 10);
  expect(await restock(undefined, 'while-held')).toEqual(nothing);
  expect((await stockAccounts(shop.database))['bell']).toMatchObject({ available: 90, held: 10 });
  await fetch(`${shop.shopUrl}/payment_webhook/${paymentId}/cancelled`, { method: 'POST' });
  expect((await stockAccounts(shop.database))['bell']).toMatchObject({ available: 100, held: 0 });
});

test('that adds nothing adds nothing under its key for ever, also after units were sold', async () => {
  const nothing = { status: 200, answer: { restocked: [] } };
  expect(await restock(undefined, 'nothing')).toEqual(nothing);
  const paymentId = await hold('bell', 10);
  await fetch(`${shop.shopUrl}/payment_webhook/${paymentId}/paid`, { method: 'POST' });
  await hold('bell', 5);
  expect(await restock(undefined, 'nothing')).toEqual(nothing);
  expect(await available('bell')).toBe(85);
  expect((await restock(undefined, 'other')).answer).toEqual({ restocked: [{ sku: 'bell', added: 10 }] });
  expect((await stockAccounts(shop.database))['bell']).toMatchObject({ available: 95, held: 5, sold: 10 });
});

test('a delivery is added once per idempotency key, and the key belongs to it', async () => {
  const delivery = { sku: 'cleat', quantity: 5, reason: 'found in the loft' };
  const first = await restock(delivery, 'loft');
  expect(first).toEqual({ status: 200, answer: { restocked: [{ sku: 'cleat', added: 5 }] } });
  expect(await restock(delivery, 'loft')).toEqual(first);
  expect(await restock({ ...delivery, quantity: 6 }, 'loft')).toMatchObject({
    status: 422,
    answer: { code: 'key_reused' },
  });
  expect(await available('cleat')).toBe(105);
});

test('a browser without script is redirected to the catalogue, which shows the stock', async () => {
  const { status, headers } = await fetch(`${shop.shopUrl}/restock`, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect([status, headers.get('location')]).toEqual([303, '/']);
});

test('one key for two deliveries at once is good for one of them', async () => {
  const deliver = (sku: string) => restock({ sku, quantity: 1, reason: 'delivery' }, 'two-at-once');
  const answers = await Promise.all(['bell', 'block', 'cleat'].map(deliver));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 422, 422]);
});
