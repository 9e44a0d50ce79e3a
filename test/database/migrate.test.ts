import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrationSource } from '../../src/database/migration-source.ts';
import { discountHolderOf } from '../../src/domain/discount.ts';
import { isPostgresAway } from '../../src/shared/outage.ts';
import { openInspector } from '../support/inspector.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { describeSchema } from '../support/schema.ts';
import { waitFor } from '../support/wait.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

// It starts two programs.
const timeoutOfPrograms = 90_000;

let testDatabase: TestDatabase;
let database: Database;

beforeEach(async () => {
  testDatabase = await createEmptyDatabase();
  database = openInspector(testDatabase.url, 2);
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
  expect(await database('knex_migrations').orderBy('id').pluck('name')).toEqual(
    (await readdir(`${project}/migrations`)).toSorted(),
  );
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

test('a migration that waits for another one fails when Postgres ends its connection, and its process lives', async () => {
  const other = new Client({ connectionString: testDatabase.url });
  await other.connect();
  await other.query('select pg_advisory_lock(4865716)');
  const outcome = migrate(testDatabase.url).then(
    () => 'migrated',
    (error: unknown) => isPostgresAway(error),
  );
  const ended = await waitFor(
    'the connection that waits for the lock',
    () =>
      database.raw(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'select pg_try_advisory_lock%'`),
    ({ rows }) => rows.length === 1,
  );
  expect(ended.rows).toEqual([{ pg_terminate_backend: true }]);
  expect(await outcome).toBe(true);
  await other.end();
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

test('a database of an unreleased version is refused with the way out, and stays as it is', async () => {
  await recordMigrations('001_shop', '002_money', '003_storefront', '004_fast', '005_indexes');
  await expect(migrate(testDatabase.url)).rejects.toThrow(/before 0\.1\.0.+delete the data folder/);
  expect(await database.schema.hasTable('products')).toBe(false);
  expect(await database.schema.withSchema('dbos').hasTable('workflow_status')).toBe(false);
});

test('a database of a newer version is left as it is; one with a breaking migration is refused with its name', async () => {
  await migrate(testDatabase.url);
  const later = (name: string) =>
    database('knex_migrations').insert({ name, batch: 2, migration_time: new Date() });
  await later('998_later.sql');
  await expect(migrate(testDatabase.url)).resolves.toBeUndefined();
  await later('999_much_later.breaking.sql');
  await expect(migrate(testDatabase.url)).rejects.toThrow(/newer version.+999_much_later\.breaking\.sql/);
});

/** Three pending orders, as 0.1.0 has stored them. */
async function insertOrdersOfFirstRelease(): Promise<void> {
  const released = (await readdir(`${project}/migrations`)).filter((file) => file < '009').toSorted();
  for (const file of released) await database.raw(await readFile(`${project}/migrations/${file}`, 'utf8'));
  await recordMigrations(...released);
  await database.raw(
    `with one as (
       insert into products (sku, product, description, price_cents, currency, image, restock_level)
       values ('own', 'Own', '', 100, 'EUR', '/own.svg', 0) returning product_id
     ), placed as (
       insert into orders (checkout_key, request_hash, token, request_id, status, total_cents, currency, hold_expires_at)
       select 'key-' || n, repeat('0', 64), repeat('t', 22) || n, 'request', 'pending', 100, 'EUR', now()
       from generate_series(1, 3) as n returning order_id
     ), lines as (
       insert into order_lines (order_id, product_id, quantity, unit_price_cents)
       select order_id, product_id, 1, 100 from placed cross join one
     ), payment as (
       insert into payments (order_id, state, amount_cents, currency) select order_id, 'creating', 100, 'EUR' from placed
     )
     insert into stock (product_id, available) select product_id, 0 from one`,
  );
}

test('a database of 0.1.0 keeps its orders, and their numbers go on', async () => {
  await insertOrdersOfFirstRelease();
  await migrate(testDatabase.url);
  expect(
    await database('order_lines')
      .join('payments', 'payments.order_id', 'order_lines.order_id')
      .pluck('payments.order_id'),
  ).toEqual([1, 2, 3]);
  expect(await database('due_work').orderBy('id').pluck('id')).toEqual([1, 2, 3]);
  const [next] = await database('orders')
    .insert({
      checkout_key: 'next',
      request_hash: '0'.repeat(64),
      token: 'n'.repeat(22),
      request_id: 'r',
      status: 'pending',
      subtotal_cents: 100,
      total_cents: 100,
      currency: 'EUR',
      hold_expires_at: new Date(),
    })
    .returning<{ order_id: number }[]>('order_id');
  expect(next).toEqual({ order_id: 4 });
});

test('orders that an earlier build dispatched have parcels, and what it was to pay back is stopped', async () => {
  await insertOrdersOfFirstRelease();
  await database.raw(
    `update payments set state = 'settled', transaction_id = 'pi_1' where order_id = 1;
     update payments set state = 'refund_due', refunded_cents = 100, transaction_id = 'pi_2' where order_id = 2;
     update orders set status = 'paid', paid_at = now(), dispatch_due_at = now() where order_id < 3;
     update orders set status = 'dispatched', dispatched_at = '2026-11-20T10:00:00Z' where order_id = 1`,
  );
  await migrate(testDatabase.url);
  const lines = await database('order_lines').orderBy('order_id').select('order_id', 'shipped', 'stopped');
  expect(lines).toEqual([
    { order_id: 1, shipped: 1, stopped: 0 },
    { order_id: 2, shipped: 0, stopped: 1 },
    { order_id: 3, shipped: 0, stopped: 0 },
  ]);
  expect(await database('shipments').select('order_id', 'shipped_at', 'request_key')).toEqual([
    { order_id: 1, shipped_at: new Date('2026-11-20T10:00:00Z'), request_key: null },
  ]);
  expect(await database('shipment_lines').select('order_id', 'quantity')).toEqual([
    { order_id: 1, quantity: 1 },
  ]);
});

test('an order with a code gets the digest of its address, by which a limit that is set later counts it', async () => {
  await insertOrdersOfFirstRelease();
  await migrate(testDatabase.url);
  await database('discount_codes').insert({ code: 'TENTH', percent: 10 });
  const ofBuild021 = { discount_code: 'TENTH', uses_code: true, email: 'Ann@Reader.example' };
  await database('orders').where({ order_id: 1 }).update(ofBuild021);
  await database('orders').where({ order_id: 2 }).update({ email: 'eve@reader.example' });
  await database.raw(await readFile(`${project}/migrations/022_uses_by_email.sql`, 'utf8'));
  expect(await database('orders').orderBy('order_id').pluck('discount_holder')).toEqual([
    discountHolderOf('ann@reader.example'),
    null,
    null,
  ]);
});

test('a host at work delays a migration, and neither ends the other', async () => {
  await insertOrdersOfFirstRelease();
  await migrateBefore('022');
  await database('discount_codes').insert({ code: 'TENTH', percent: 10 });
  const withCode = { discount_code: 'TENTH', uses_code: true, email: 'ann@reader.example' };
  await database('orders').where({ order_id: 1 }).update(withCode);
  let outcome: Promise<unknown> | undefined;
  await database.transaction(async (host) => {
    await host.raw('select from orders where order_id = 2 for update');
    outcome = migrate(testDatabase.url).then(
      () => 'migrated',
      (error: unknown) => error,
    );
    await waitFor(
      'the migration that waits for the host',
      () =>
        database.raw(`select from pg_locks join pg_database on pg_database.oid = database
          where datname = current_database() and relation = cast('orders' as regclass) and not granted`),
      ({ rowCount }) => rowCount > 0,
    );
    // Of an order whose row the migration changes.
    await host.raw('select from orders where order_id = 1 for update');
  });
  expect(await outcome).toBe('migrated');
});

test('of the methods that there are, the one that the shop began with is collected, and the terms stay', async () => {
  await migrateBefore('025');
  await database('delivery_methods').insert([
    { method: 'letter', name: 'Letter', needs_address: false },
    { method: 'parcel', name: 'Parcel', needs_address: true },
  ]);
  const terms = await database('terms').first();
  await database.migrate.latest({ migrationSource });
  expect(await database('delivery_methods').where({ is_collected: true }).pluck('method')).toEqual([
    'collect',
  ]);
  expect(await database('terms').first()).toEqual(terms);
});

/** Brings an empty database, or one of 0.1.0, to the migrations with lower numbers. */
async function migrateBefore(number: string): Promise<void> {
  const getMigrations = async () =>
    (await migrationSource.getMigrations([])).filter(({ file }) => file < number);
  await database.migrate.latest({ migrationSource: { ...migrationSource, getMigrations } });
}

async function recordMigrations(...names: string[]): Promise<void> {
  await database.schema.createTable('knex_migrations', (table) => {
    table.increments();
    table.string('name');
    table.integer('batch');
    table.timestamp('migration_time');
  });
  await database('knex_migrations').insert(names.map((name) => ({ name, batch: 1 })));
}

test('knex’s command line migrates an empty database, and migrate() adds the rest', {
  tags: ['slow'],
  timeout: timeoutOfPrograms,
}, async () => {
  const files = (await readdir(`${project}/migrations`)).toSorted();
  const status = await knex('migrate:status');
  expect(status).toContain('No Completed Migration files Found');
  expect(status).toContain(files.at(-1));
  expect(await knex('migrate:latest')).toContain(`Batch 1 run: ${files.length} migrations`);
  const schema = await describeSchema(database);
  await migrate(testDatabase.url);
  expect(await describeSchema(database)).toBe(schema);
  expect(await database('products')).toHaveLength(8);
});

/** Runs `npm run knex -- COMMAND` on the test's database and returns its output. */
async function knex(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'knex', '--', command], {
    cwd: project,
    env: { ...process.env, DATABASE_URL: testDatabase.url },
  });
  return stdout;
}
