import { setTimeout as pause } from 'node:timers/promises';
import type { OrderStatus } from '../domain/order.ts';

const waitAtMostMs = 8_000;
const lookEveryMs = 50;

/** Waits until an order is no longer pending, as its row says. @returns false when it still is after eight seconds */
export async function leftPending(
  read: () => Promise<{ readonly status: OrderStatus } | undefined>,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < waitAtMostMs; waitedMs += lookEveryMs) {
    const order = await read();
    if (order?.status !== 'pending') return true;
    await pause(lookEveryMs);
  }
  return false;
}
