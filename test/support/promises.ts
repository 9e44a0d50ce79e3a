import { expect } from 'vitest';
import type { Database } from '../../src/database/connection.ts';

interface Account {
  sku: string;
  available: number;
  held: number;
  sold: number;
  supplied: number;
  balanced: boolean;
}

/** What is available, held and sold of each product, by SKU. */
export async function stockAccounts(database: Database): Promise<Record<string, Account>> {
  const accounts = await database<Account>('stock_accounts').select();
  return Object.fromEntries(accounts.map((account) => [account.sku, account]));
}

/** Promise 3: available + held + sold = supplied for every product, and nothing is negative. */
export async function expectStockBalanced(database: Database): Promise<void> {
  for (const account of Object.values(await stockAccounts(database))) {
    expect(account, `stock of ${account.sku}`).toMatchObject({ balanced: true });
    expect(Math.min(account.available, account.held, account.sold)).toBeGreaterThanOrEqual(0);
  }
}

interface Books {
  sessions: { id: string }[];
  charges: { client_reference_id: string; amount: number; amount_refunded: number }[];
  has_more: boolean;
}

/**
 * Promises 1 and 2, against the payment service's own books: an order that is paid or dispatched was
 * charged its total once, and of every other order nothing is left that was charged.
 */
export async function expectMoneyRight(database: Database, paymentUrl: string): Promise<void> {
  const charged = await chargesByOrder(paymentUrl);
  const orders = await database('orders').select('order_id', 'status', 'total_cents');
  for (const order of orders) {
    const fulfilled = order.status === 'paid' || order.status === 'dispatched';
    const charges = charged.get(String(order.order_id)) ?? [];
    const kept = charges.map(({ amount, amount_refunded: refunded }) => amount - refunded);
    const what = `money kept for order ${order.order_id}, ${order.status}`;
    if (fulfilled) expect(kept, what).toEqual([order.total_cents]);
    else
      expect(kept.filter((amount) => amount !== 0).concat(charges.length > 1 ? [-1] : []), what).toEqual([]);
  }
}

async function chargesByOrder(paymentUrl: string): Promise<Map<string, Books['charges']>> {
  const charges = new Map<string, Books['charges']>();
  let after = '';
  for (;;) {
    const answer = await fetch(`${paymentUrl}/ledger?limit=1000${after}`);
    const books = (await answer.json()) as Books;
    for (const charge of books.charges) {
      const order = charge.client_reference_id;
      charges.set(order, [...(charges.get(order) ?? []), charge]);
    }
    if (!books.has_more) return charges;
    after = `&after=${books.sessions.at(-1)?.id}`;
  }
}
