import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import {
  releaseStock,
  reserveStockAgain,
  returnStock,
} from '../../src/database/transactions/release-stock.ts';
import { inTransaction, statementsOf } from '../../src/shared/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

let testDatabase: TestDatabase;
let database: Database;
let placed = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, 4);
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

/** Inserts an order and takes its units from stock. @returns the number of the order */
async function insertOrder(items: Readonly<Record<string, number>>): Promise<number> {
  const sql = statementsOf(database);
  placed += 1;
  const [order] = await sql<{ orderId: number }>(
    `insert into orders (checkout_key, request_hash, token, request_id, status, subtotal_cents, total_cents, currency, hold_expires_at)
     values (:key, repeat('0', 64), :token, 'request', 'pending', 0, 0, 'USD', now()) returning order_id`,
    { key: `key-${placed}`, token: `a-token-that-nobody-guesses-${placed}` },
  );
  if (!order) throw new Error('The order was not inserted.');
  for (const [sku, quantity] of Object.entries(items)) {
    await sql(
      `with line as (
         insert into order_lines (order_id, product_id, quantity, unit_price_cents)
         select :orderId, product_id, :quantity, 0 from products where sku = :sku returning product_id, quantity
       )
       update stock set available = available - quantity from line where stock.product_id = line.product_id`,
      { ...order, sku, quantity },
    );
  }
  return order.orderId;
}

async function available(): Promise<Record<string, number>> {
  const rows = await statementsOf(database)<{ sku: string; available: number }>(
    `select sku, available from stock join products using (product_id) where sku in ('block', 'cleat')`,
  );
  return Object.fromEntries(rows.map((row) => [row.sku, row.available]));
}

const seeded = { block: 40, cleat: 100 };

test('a cancelled order releases the units of all its lines', async () => {
  const orderId = await insertOrder({ cleat: 3, block: 2 });
  expect(await available()).toEqual({ block: 38, cleat: 97 });
  await inTransaction(database, (sql) => releaseStock(sql, orderId));
  expect(await available()).toEqual(seeded);
});

test('a refunded order returns its units, and a repetition returns none', async () => {
  const orderId = await insertOrder({ cleat: 3, block: 2 });
  await inTransaction(database, (sql) => returnStock(sql, orderId, 'left'));
  await inTransaction(database, (sql) => returnStock(sql, orderId, 'left'));
  expect(await available()).toEqual(seeded);
});

test('of a line that was shipped in part, the units that are left return, or as many as came back', async () => {
  const orderId = await insertOrder({ cleat: 5, block: 2 });
  const sql = statementsOf(database);
  const [cleat] = await sql<{ productId: number }>(
    `update order_lines set shipped = 2, stopped = 1 from products
     where order_id = :orderId and order_lines.product_id = products.product_id and sku = 'cleat' returning products.product_id`,
    { orderId },
  );
  const giveBack = (units: Parameters<typeof returnStock>[2]) =>
    inTransaction(database, (open) => returnStock(open, orderId, units));
  await giveBack([{ productId: cleat?.productId ?? 0, quantity: 1 }]);
  expect(await available()).toEqual({ block: 38, cleat: 96 });
  await giveBack('left');
  expect(await available()).toEqual({ block: 40, cleat: 98 });
  await giveBack([{ productId: cleat?.productId ?? 0, quantity: 1 }]);
  expect(await available()).toEqual({ block: 40, cleat: 99 });
  await giveBack('all');
  expect(await available()).toEqual(seeded);
});

test('a cancelled order reserves all of its units again, or none when one product is short', async () => {
  const orderId = await insertOrder({ cleat: 3, block: 25 });
  await inTransaction(database, (sql) => releaseStock(sql, orderId));
  const other = await insertOrder({ block: 16 });
  expect(await inTransaction(database, (sql) => reserveStockAgain(sql, orderId))).toBe(false);
  expect(await available()).toEqual({ block: 24, cleat: 100 });
  await inTransaction(database, (sql) => releaseStock(sql, other));
  expect(await inTransaction(database, (sql) => reserveStockAgain(sql, orderId))).toBe(true);
  expect(await available()).toEqual({ block: 15, cleat: 97 });
  await inTransaction(database, (sql) => releaseStock(sql, orderId));
});

test('orders with the same products in opposite order lock them in SKU order, so none deadlocks', async () => {
  const [one, other] = [await insertOrder({ cleat: 1, block: 1 }), await insertOrder({ block: 1, cleat: 1 })];
  const sql = statementsOf(database);
  let both: Promise<unknown> = Promise.resolve();
  await inTransaction(database, async (locking) => {
    await locking(
      `select from stock join products using (product_id) where sku = 'block' for update of stock`,
    );
    both = Promise.all([
      inTransaction(database, (first) => releaseStock(first, one)),
      inTransaction(database, (second) => returnStock(second, other, 'left')),
    ]);
    await waitFor(
      'both to wait for the first product',
      () =>
        sql(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
      (waiting) => waiting.length === 2,
    );
    // Neither of them has locked the second product yet.
    const free = await locking(
      `select from stock join products using (product_id) where sku = 'cleat' for update of stock skip locked`,
    );
    expect(free).toHaveLength(1);
  });
  await both;
  expect(await available()).toEqual(seeded);
});
