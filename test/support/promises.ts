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

/** The available, held and sold units of each product, by SKU. */
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

/** The payment service's own ledger, the independent record of the money. */
export interface Ledger {
  readonly sessions: { readonly id: string; readonly client_reference_id: string; readonly status: string }[];
  readonly charges: {
    readonly session_id: string;
    readonly client_reference_id: string;
    readonly amount: number;
    readonly amount_refunded: number;
  }[];
  readonly refunds: { readonly client_reference_id: string; readonly amount: number }[];
}

/** Reads the whole ledger of a payment service. */
export async function readLedger(paymentUrl: string): Promise<Ledger> {
  const ledger: Ledger = { sessions: [], charges: [], refunds: [] };
  for (let after = ''; ; ) {
    const answer = await fetch(`${paymentUrl}/ledger?limit=1000${after}`);
    const page = (await answer.json()) as Ledger & { has_more: boolean };
    ledger.sessions.push(...page.sessions);
    ledger.charges.push(...page.charges);
    ledger.refunds.push(...page.refunds);
    if (!page.has_more) return ledger;
    after = `&after=${page.sessions.at(-1)?.id}`;
  }
}

/** Groups rows of the ledger by the order that they belong to. */
export function byOrder<Row extends { readonly client_reference_id: string }>(
  rows: readonly Row[],
): Map<number, Row[]> {
  const found = new Map<number, Row[]>();
  for (const row of rows) {
    const order = Number(row.client_reference_id);
    found.set(order, [...(found.get(order) ?? []), row]);
  }
  return found;
}

/**
 * Checks promises 1 and 2 against the simulator's ledger. A paid or dispatched order was charged its total once. Any
 * other order was not charged, or was refunded in full.
 */
export async function expectMoneyRight(database: Database, paymentUrl: string): Promise<void> {
  const charged = byOrder((await readLedger(paymentUrl)).charges);
  const orders = await database('orders').select('order_id', 'status', 'total_cents');
  for (const order of orders) {
    const fulfilled = order.status === 'paid' || order.status === 'dispatched';
    const charges = charged.get(order.order_id) ?? [];
    const kept = charges.map(({ amount, amount_refunded: refunded }) => amount - refunded);
    const what = `money kept for order ${order.order_id}, ${order.status}`;
    if (fulfilled) expect(kept, what).toEqual([order.total_cents]);
    else
      expect(kept.filter((amount) => amount !== 0).concat(charges.length > 1 ? [-1] : []), what).toEqual([]);
  }
}
