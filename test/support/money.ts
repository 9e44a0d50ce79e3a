import { expect } from 'vitest';
import type { OpenShop, TestOrder } from './orders.ts';

interface Entry {
  readonly client_reference_id: string;
  readonly amount: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Ledger {
  readonly sessions: { readonly id: string }[];
  readonly charges: Entry[];
  readonly refunds: Entry[];
  readonly has_more: boolean;
}

/** The charges and refunds of one order in the simulator's ledger, in minor units. */
export interface Moved {
  readonly charges: number[];
  readonly refunds: number[];
}

/** All money that moved, by order. */
async function moneyMoved(shop: OpenShop): Promise<Map<string, Moved>> {
  const moved = new Map<string, Moved>();
  const of = (entry: Entry): Moved => {
    const known = moved.get(entry.client_reference_id) ?? { charges: [], refunds: [] };
    moved.set(entry.client_reference_id, known);
    return known;
  };
  for (let after = ''; ; ) {
    const answer = await fetch(`${shop.paymentUrl}/ledger?limit=1000${after}`);
    const ledger = (await answer.json()) as Ledger;
    for (const charge of ledger.charges) of(charge).charges.push(charge.amount);
    for (const refund of ledger.refunds) of(refund).refunds.push(refund.amount);
    if (!ledger.has_more) return moved;
    after = `&after=${ledger.sessions.at(-1)?.id}`;
  }
}

/** The charges and refunds of one order. */
export async function moneyOf(shop: OpenShop, { order_id: orderId }: TestOrder): Promise<Moved> {
  return (await moneyMoved(shop)).get(String(orderId)) ?? { charges: [], refunds: [] };
}

/**
 * Checks promises 1 and 2 for every order. It was charged at most once. A paid or dispatched order keeps its total
 * less its refunds; any other order keeps nothing.
 */
export async function expectMoneySettled(shop: OpenShop): Promise<void> {
  const moved = await moneyMoved(shop);
  const orders = await shop
    .database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .select('orders.order_id', 'status', 'total_cents', 'refunded_cents');
  for (const order of orders) {
    const { charges, refunds } = moved.get(String(order.order_id)) ?? { charges: [], refunds: [] };
    const kept = sum(charges) - sum(refunds);
    const fulfilled = ['paid', 'dispatched'].includes(order.status);
    expect(charges.length, `charges of order ${order.order_id}`).toBeLessThanOrEqual(1);
    expect(kept, `kept of order ${order.order_id}, ${order.status}`).toBe(
      fulfilled ? order.total_cents - order.refunded_cents : 0,
    );
  }
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
