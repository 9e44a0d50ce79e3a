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

/** Promise 3 (DESIGN §1): available + held + sold = supplied for every product, and nothing is negative. */
export async function expectStockBalanced(database: Database): Promise<void> {
  for (const account of Object.values(await stockAccounts(database))) {
    expect(account, `stock of ${account.sku}`).toMatchObject({ balanced: true });
    expect(Math.min(account.available, account.held, account.sold)).toBeGreaterThanOrEqual(0);
  }
}

interface Books {
  sessions: { id: string }[];
  charges: { client_reference_id: string; amount: number }[];
  has_more: boolean;
}

/**
 * Promises 1 and 2 (DESIGN §1), against the payment service's own books: an order that is paid or dispatched was
 * charged its total once, and every other order was charged nothing.
 */
export async function expectMoneyRight(database: Database, paymentUrl: string): Promise<void> {
  const charged = await chargesByOrder(paymentUrl);
  const orders = await database('orders').select('order_id', 'status', 'total_cents');
  for (const order of orders) {
    const fulfilled = order.status === 'paid' || order.status === 'dispatched';
    const amounts = charged.get(String(order.order_id)) ?? [];
    expect(amounts, `charges of order ${order.order_id}, ${order.status}`).toEqual(
      fulfilled ? [order.total_cents] : [],
    );
  }
}

async function chargesByOrder(paymentUrl: string): Promise<Map<string, number[]>> {
  const charges = new Map<string, number[]>();
  let after = '';
  for (;;) {
    const answer = await fetch(`${paymentUrl}/books?limit=1000${after}`);
    const books = (await answer.json()) as Books;
    for (const { client_reference_id: order, amount } of books.charges) {
      charges.set(order, [...(charges.get(order) ?? []), amount]);
    }
    if (!books.has_more) return charges;
    after = `&after=${books.sessions.at(-1)?.id}`;
  }
}
