import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { waitFor } from '../support/wait.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeEach(async () => {
  testDatabase = await createEmptyDatabase();
  database = connect(testDatabase.url, 2);
});

afterEach(async () => {
  await database.destroy();
  await testDatabase.drop();
});

test('an empty database gets its tables and eight products, the widget first', async () => {
  await migrate(testDatabase.url);
  const products = await database('products')
    .join('stock', 'stock.product_id', 'products.product_id')
    .orderBy('sku');
  expect(products).toHaveLength(8);
  const [first] = await database('products').orderBy('product_id').limit(1);
  expect(first).toMatchObject({ product: 'Premium Quality Widget', price_cents: 9999, currency: 'USD' });
  expect(await database('stock').where({ product_id: first.product_id }).first()).toMatchObject({
    available: 100,
  });
  await expectStockBalanced(database);
});

test('several processes may migrate at once, and again', async () => {
  await Promise.all([migrate(testDatabase.url), migrate(testDatabase.url), migrate(testDatabase.url)]);
  await migrate(testDatabase.url);
  expect(await database('products')).toHaveLength(8);
  expect(await database('knex_migrations')).toHaveLength(5);
});

test('a process killed in the middle leaves nothing that stops the next', async () => {
  const child = fork(new URL('../support/migrate-and-hang.mjs', import.meta.url), {
    env: { ...process.env, DATABASE_URL: testDatabase.url },
    execArgv: ['--import', 'tsx'],
  });
  await waitFor(
    'the tables inside the open transaction',
    () =>
      database.raw(`select 1 from pg_locks join pg_database on oid = database
      where datname = current_database() and mode = 'AccessExclusiveLock'`),
    ({ rows }) => rows.length > 0,
  );
  child.kill('SIGKILL');
  await once(child, 'exit');

  await migrate(testDatabase.url);
  expect(await database('products')).toHaveLength(8);
  expect(await database('knex_migrations_lock')).toEqual([expect.objectContaining({ is_locked: 0 })]);
});

test('a catalogue of the shop’s own is left alone', async () => {
  await migrate(testDatabase.url);
  await database.raw('truncate products cascade');
  await database('products').insert({
    sku: 'own',
    product: 'Own',
    description: '',
    price_cents: 1,
    currency: 'EUR',
    image: '/own.svg',
    restock_level: 0,
  });
  await migrate(testDatabase.url);
  expect(await database('products').pluck('sku')).toEqual(['own']);
});
