import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrationSource } from '../../src/database/migration-source.ts';
import { findServerFaults } from '../../src/database/server-faults.ts';
import { prepareDatabase } from '../../src/supervisor/database.ts';
import { openInspector } from '../support/inspector.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';

// Databases with which the shop cannot work. The start names every fault, and creates nothing.

const quiet = (): void => undefined;
let empty: TestDatabase;
let admin: Database;
let name: string;
const cleanUps: string[] = [];

beforeEach(async () => {
  empty = await createEmptyDatabase();
  admin = connect(empty.url, 1);
  name = `faulty_${randomBytes(4).toString('hex')}`;
});

afterEach(async () => {
  for (const sql of cleanUps.splice(0).toReversed()) await admin.raw(sql);
  await admin.destroy();
  await empty.drop();
});

function urlOf(database: string, user?: string): string {
  const url = new URL(empty.url);
  url.pathname = `/${database}`;
  if (user !== undefined) [url.username, url.password] = [user, 'word'];
  return url.href;
}

async function create(sql: string, undo: string): Promise<void> {
  await admin.raw(sql);
  cleanUps.push(undo);
}

async function tablesIn(url: string): Promise<number> {
  const database = connect(url, 1);
  const { rows } = await database.raw<{ rows: object[] }>(
    "select from pg_class where relkind = 'r' and relnamespace = cast('public' as regnamespace)",
  );
  await database.destroy();
  return rows.length;
}

test('a database that is not in UTF8 is refused before anything is created in it', async () => {
  await create(
    `create database ${name} encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
    `drop database ${name} with (force)`,
  );
  await expect(prepareDatabase(urlOf(name), false, quiet)).rejects.toThrow(
    /Its encoding is LATIN1.+encoding 'UTF8'/,
  );
  expect(await tablesIn(urlOf(name))).toBe(0);
});

test('a user without rights, a read-only database and a wrong encoding are reported together', async () => {
  await create(
    `create database ${name} encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
    `drop database ${name} with (force)`,
  );
  await admin.raw(`alter database ${name} set default_transaction_read_only = on`);
  await create(`create role ${name} login password 'word'`, `drop role ${name}`);
  const failure = prepareDatabase(urlOf(name, name), false, quiet);
  await expect(failure).rejects.toThrow('Its encoding is LATIN1');
  await expect(failure).rejects.toThrow('It is read-only');
  await expect(failure).rejects.toThrow(
    `The user ${name} lacks rights: create on the database; usage and create on the schema public`,
  );
  await expect(failure).rejects.not.toThrow('word');
});

test('a user who may not write the tables of a migrated database is refused', async () => {
  await migrate(empty.url);
  await create(`create role ${name} login password 'word'`, `drop owned by ${name}; drop role ${name}`);
  const database = new URL(empty.url).pathname.slice(1);
  await admin.raw(`grant usage, create on schema public, dbos to ${name}`);
  await admin.raw(`grant select, insert, update, delete on all tables in schema public, dbos to ${name}`);
  expect(await findServerFaults(urlOf(database, name), { writable: true, durable: false })).toEqual([]);
  await admin.raw(`revoke delete on orders from ${name}`);
  const [fault] = await findServerFaults(urlOf(database, name), { writable: true, durable: false });
  expect(fault).toContain('select, insert, update and delete on orders');
  await admin.raw(`revoke select on due_work from ${name}`);
  const [both] = await findServerFaults(urlOf(database, name), { writable: true, durable: false });
  expect(both).toContain('select on due_work');
});

test('a database of the local payment service that is not in UTF8 is reported with the faults of the shop’s', async () => {
  await create(
    `create database ${name} encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
    `drop database ${name} with (force)`,
  );
  await create(`create role ${name} login password 'word'`, `drop role ${name}`);
  const failure = prepareDatabase(urlOf(`${name}_shop`, name), false, quiet, urlOf(name, name));
  await expect(failure).rejects.toThrow(`The user ${name} may not create the database ${name}_shop`);
  await expect(failure).rejects.toThrow(`${name} cannot be used:\n  - Its encoding is LATIN1`);
  await expect(failure).rejects.not.toThrow('create on the database');
  const { rows } = await admin.raw<{ rows: object[] }>('select from pg_database where datname = ?', [
    `${name}_shop`,
  ]);
  expect(rows).toEqual([]);
});

test('the database of the local payment service is created beside the shop’s', async () => {
  cleanUps.push(`drop database ${name} with (force)`);
  await prepareDatabase(empty.url, false, quiet, urlOf(name));
  expect(await tablesIn(urlOf(name))).toBe(0);
  expect(await tablesIn(empty.url)).toBeGreaterThan(0);
});

test('a user without rights may migrate once an administrator has created the extensions, in any schema', async () => {
  await create(`create role ${name} login password 'word'`, `drop owned by ${name}; drop role ${name}`);
  const database = new URL(empty.url).pathname.slice(1);
  await admin.raw('create schema extensions');
  await admin.raw('create extension unaccent schema extensions');
  await admin.raw(`create schema dbos authorization ${name}`);
  await admin.raw(`grant usage, create on schema public to ${name}`);
  const faults = () => findServerFaults(urlOf(database, name), { writable: true, durable: false });
  expect(await faults()).toEqual([
    `The user ${name} lacks rights: create on the database; usage on the schema extensions. Grant them.`,
  ]);
  await admin.raw('create extension pg_trgm schema extensions');
  await admin.raw(`grant usage on schema extensions to ${name}`);
  expect(await faults()).toEqual([]);
  const user = openInspector(urlOf(database, name), 1);
  await user.migrate.latest({ migrationSource });
  await user.raw(
    `insert into products (sku, product, description, price_cents, currency, image, restock_level)
     values ('shackle', 'Bow Shackle', '', 100, 'EUR', '/own.svg', 0)`,
  );
  for (const searched of ['Shäckel bow', 'bow shakel']) {
    const found = user('products').joinRaw('join search_products(?) using (product_id)', [searched]);
    expect(await found.pluck('sku')).toEqual(['shackle']);
  }
  await user.destroy();
});

test('a missing database is created in UTF8, whatever the usual encoding is', async () => {
  cleanUps.push(`drop database ${name} with (force)`);
  await prepareDatabase(urlOf(name), false, quiet);
  const { rows } = await admin.raw<{ rows: object[] }>(
    'select pg_encoding_to_char(encoding) as encoding from pg_database where datname = ?',
    [name],
  );
  expect(rows).toEqual([{ encoding: 'UTF8' }]);
});

test('a user who may not create the database gets the way out', async () => {
  await create(`create role ${name} login password 'word'`, `drop role ${name}`);
  await expect(prepareDatabase(urlOf(name, name), false, quiet)).rejects.toThrow(
    new RegExp(`user ${name} may not create the database ${name}.+CREATEDB`),
  );
});

test('production refuses a server that may lose what it has confirmed', async () => {
  await create(
    `create database ${name} encoding 'UTF8' template template0`,
    `drop database ${name} with (force)`,
  );
  await admin.raw(`alter database ${name} set synchronous_commit = off`);
  const faults = await findServerFaults(urlOf(name), { writable: true, durable: true });
  expect(faults.join()).toMatch(/It may lose what it has confirmed: .*synchronous_commit is off/);
  expect(await findServerFaults(urlOf(name), { writable: true, durable: false })).toEqual([]);
});
