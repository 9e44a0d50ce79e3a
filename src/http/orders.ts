import { setTimeout as pause } from 'node:timers/promises';
import { ShopError } from '../domain/errors.ts';
import type { OrderStatus } from '../domain/order.ts';

// Shared by the routes of one order.

const waitAtMostMs = 8_000;
const pollEveryMs = 50;

/** Waits until an order is no longer pending, as its row shows. @returns false when it still is after eight seconds */
export async function waitWhilePending(
  read: () => Promise<{ readonly status: OrderStatus } | undefined>,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < waitAtMostMs; waitedMs += pollEveryMs) {
    const order = await read();
    if (order?.status !== 'pending') return true;
    await pause(pollEveryMs);
  }
  return false;
}

/** The error for a malformed and for an unknown order address: the same, so that it reveals nothing. */
export function unknownOrder(): ShopError {
  return new ShopError('not_found', 'There is no order at this address.');
}
