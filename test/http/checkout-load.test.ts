import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/orders.ts';
import { expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;

beforeAll(async () => {
  // The limits of a demonstration: the load of the tutorials comes from one address.
  shop = await startTestShop({ HOLD_LIMITS: '', CHECKOUTS_PER_MINUTE: '' });
});

afterAll(() => shop.close());

function buy(buyer: number): Promise<Response> {
  return fetch(`${shop.shopUrl}/checkout/load-${buyer}`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ items: [{ sku: 'cleat', qty: 1 }] }),
  });
}

/** A buyer who is refused for now asks again after Retry-After, with the same key. */
async function buyUntilAnswered(buyer: number): Promise<number> {
  for (;;) {
    const answer = await buy(buyer);
    await answer.arrayBuffer();
    const retryAfter = answer.headers.get('retry-after');
    if (answer.status !== 202 && retryAfter === null) return answer.status;
    await pause(Number(retryAfter ?? 1) * 1000);
  }
}

test('500 buyers at once for 100 units: exactly 100 orders, and never below zero', async () => {
  const answers = await Promise.all(Array.from({ length: 500 }, (_, buyer) => buyUntilAnswered(buyer)));
  const outcomes = await shop
    .database('orders')
    .select('status', 'reason')
    .count('* as orders')
    .groupBy('status', 'reason')
    .orderBy('status');
  expect(outcomes).toEqual([
    { status: 'cancelled', reason: 'out_of_stock', orders: 400 },
    { status: 'pending', reason: null, orders: 100 },
  ]);
  const bought = answers.filter((status) => status === 201 || status === 200);
  expect(bought).toHaveLength(100);
  expect(answers.filter((status) => status === 409)).toHaveLength(400);
  expect((await stockAccounts(shop.database))['cleat']).toMatchObject({ available: 0, held: 100, sold: 0 });
  await expectStockBalanced(shop.database);
});

test('six requests for everything hide no product, although one address may do much in a demonstration', async () => {
  const left = async () => {
    const accounts = Object.values(await stockAccounts(shop.database));
    return accounts.filter(({ sku }) => sku !== 'cleat');
  };
  const statuses: number[] = [];
  for (const part of [1, 0.5, 0.25, 1, 0.5, 0.25]) {
    const items = (await left()).map(({ sku, available }) => ({ sku, qty: Math.ceil(available * part) }));
    statuses.push((await ask(`${shop.shopUrl}/checkout/x-${statuses.length}`, { items })).status);
  }
  expect(statuses).toEqual([409, 201, 409, 409, 409, 409]);
  expect((await left()).filter(({ available }) => available === 0)).toEqual([]);
});
