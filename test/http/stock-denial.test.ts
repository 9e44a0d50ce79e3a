// @module-tag slow
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Somebody tries to hide the stock of the shop from one network, under the limits of production. Holds end soon, so that the attacker
// orders the same units again and again.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_LIMITS: 'strict',
    CHECKOUT_KEYS: 'unguessable',
    TRUST_PROXY: '1',
    HOLD_SECONDS: '2',
    EMAIL: 'off',
  });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

interface Product {
  readonly sku: string;
  readonly inventory: number;
}

async function look(): Promise<Product[]> {
  return (await (await fetch(`${shop.shopUrl}/products`)).json()) as Product[];
}

type Items = { readonly sku: string; readonly qty: number }[];

/** Every request has another address of the network, another e-mail address and another key. */
async function attack(items: Items): Promise<number> {
  const host = randomUUID().replaceAll('-', '').slice(0, 16).match(/.{4}/g)?.join(':');
  const { status } = await ask(
    `${shop.shopUrl}/checkout/${randomUUID()}`,
    { items, email: `${randomUUID()}@attacker.example` },
    { headers: { 'x-forwarded-for': `2001:db8:66:1:${host}` } },
  );
  return status;
}

/** The orders that hold most: everything at once, half of it, then each product alone, down to its single units. */
function ordersOf(products: readonly Product[]): Items[] {
  const left = products.filter(({ inventory }) => inventory > 0);
  const share = (part: number) =>
    left.map(({ sku, inventory }) => ({ sku, qty: Math.ceil(inventory * part) }));
  const scarcest = left.toSorted((a, b) => a.inventory - b.inventory).slice(0, 3);
  const singles = scarcest.flatMap(({ sku, inventory }) =>
    Array.from({ length: Math.min(3, inventory) }, () => [{ sku, qty: 1 }]),
  );
  return [
    share(1),
    share(0.5),
    ...scarcest.map(({ sku, inventory }) => [{ sku, qty: inventory }]),
    ...singles,
  ];
}

const looks = 300;
const roundsAtLeast = 8;

test('one network cannot hide any product: an honest buyer finds stock in at least 99 % of looks', async () => {
  let [seen, inStock, rounds] = [0, 0, 0];
  const statuses: number[] = [];
  const isOver = () => seen >= looks && rounds >= roundsAtLeast;
  const honest = async (): Promise<void> => {
    while (!isOver()) {
      const products = await look();
      seen += 1;
      if (products.every(({ inventory }) => inventory > 0)) inStock += 1;
      await pause(20);
    }
  };
  const attacker = async (): Promise<void> => {
    for (; !isOver(); rounds += 1) {
      for (const items of ordersOf(await look())) statuses.push(await attack(items));
    }
  };
  await Promise.all([honest(), attacker()]);

  expect(inStock / seen).toBeGreaterThanOrEqual(0.99);
  // The attacker got some units, whenever they were free again.
  expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(roundsAtLeast);
  expect(statuses.filter((status) => ![201, 409].includes(status))).toEqual([]);
  const everything = (await look()).map(({ sku }) => ({ sku, qty: 1 }));
  const honestly = await ask(
    `${shop.shopUrl}/checkout/${randomUUID()}`,
    { items: everything },
    { headers: { 'x-forwarded-for': '203.0.113.7' } },
  );
  expect(honestly.status).toBe(201);
});
