import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { checkOut, type PlacedOrder } from '../buyers.ts';
import { createHttpClient } from '../http-client.ts';

/** Customers who came one after the other, and have not paid yet. */
export interface Newcomers {
  readonly orders: readonly PlacedOrder[];
  readonly checkoutMs: readonly number[];
}

// Rare enough to cost the shop next to nothing.
const pauseMs = 200;

/**
 * Lets customers check out, one after the other, until `isOver` says so behind one of them.
 * @throws when one is not served.
 */
export async function letNewcomersIn(
  shopUrl: string,
  sku: string,
  isOver: (served: number) => boolean,
): Promise<Newcomers> {
  const client = createHttpClient(shopUrl, 1);
  const orders: PlacedOrder[] = [];
  const checkoutMs: number[] = [];
  try {
    do {
      const began = performance.now();
      orders.push(await checkOut(client, randomUUID(), sku));
      checkoutMs.push(performance.now() - began);
      await pause(pauseMs);
    } while (!isOver(orders.length));
  } finally {
    client.close();
  }
  return { orders, checkoutMs };
}
