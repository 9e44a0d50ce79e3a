import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/database/connection.ts';
import { openEnginePool, PreparingClient } from '../../src/database/engine-pool.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

let testDatabase: TestDatabase;
let pool: ReturnType<typeof openEnginePool>;

beforeAll(async () => {
  testDatabase = await createEmptyDatabase();
  pool = openEnginePool(testDatabase.url, { poolSize: 2, waitAtMostMs: 10_000 });
  await pool.query('create table marks (name text)');
});

afterAll(async () => {
  await pool.end();
  await testDatabase.drop();
});

async function withClient(use: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await use(client);
  } finally {
    client.release();
  }
}

async function preparedOn(client: PoolClient): Promise<{ statement: string; calls: number }[]> {
  const { rows } = await client.query<{ statement: string; calls: number }>(
    'select statement, (generic_plans + custom_plans)::integer as calls from pg_prepared_statements',
  );
  return rows;
}

test('an idle connection that breaks affects no other connection', () => {
  expect(() => new PreparingClient().emit('error', new Error('gone'))).not.toThrow();
});

test('a statement with values is parsed once on a connection, however it is asked', async () => {
  await withClient(async (client) => {
    const text = 'insert into marks (name) values ($1)';
    await client.query(text, ['one']);
    await client.query({ text, values: ['two'] });
    await new Promise<void>((resolve, reject) => {
      client.query(text, ['three'], (error) => (error ? reject(error) : resolve()));
    });
    expect(await preparedOn(client)).toEqual([{ statement: text, calls: 3 }]);
    const { rows } = await client.query('select name from marks');
    expect(rows).toEqual([{ name: 'one' }, { name: 'two' }, { name: 'three' }]);
  });
});

test('a migration that adds a column makes no statement fail', async () => {
  const text = 'select marks.* from marks where name = $1';
  await withClient(async (client) => {
    await client.query(text, ['one']);
    await client.query('alter table marks add column at timestamptz');
    expect((await client.query(text, ['one'])).rows).toEqual([{ name: 'one', at: null }]);
  });
});

test('after a migration has changed the type of a column, the old plan fails once in all', async () => {
  const text = 'select name, at from marks where name = $1';
  await withClient((one) =>
    withClient(async (other) => {
      await one.query(text, ['one']);
      await other.query(text, ['one']);
      await one.query('alter table marks alter column at type date');
      await expect(one.query(text, ['one'])).rejects.toMatchObject({ code: '0A000' });
      expect((await one.query(text, ['one'])).rows).toEqual([{ name: 'one', at: null }]);
      expect((await other.query(text, ['one'])).rows).toEqual([{ name: 'one', at: null }]);
    }),
  );
});

test('texts that are made anew each time do not fill the server', async () => {
  await withClient(async (client) => {
    const before = await preparedOn(client);
    for (let index = 0; index < 600; index += 1) {
      await client.query(`select $1::integer as column_${index}`, [index]);
    }
    const added = (await preparedOn(client)).length - before.length;
    expect(added).toBeGreaterThan(400);
    expect(added).toBeLessThanOrEqual(500);
    expect((await client.query('select $1::integer as last', [7])).rows).toEqual([{ last: 7 }]);
  });
});

const readOnlyNow = 'set default_transaction_read_only = on';
const write = `insert into marks (name) values ('refused')`;

test('a connection whose server accepts no writes is closed, and the engine gets an error that it retries', async () => {
  await withClient(async (client) => {
    await client.query(readOnlyNow);
    await expect(client.query(write)).rejects.toMatchObject({ code: '57P03' });
    await new Promise<void>((resolve) => {
      client.once('end', () => resolve());
      client.once('error', () => undefined);
    });
  });
  await expect(pool.query(write)).resolves.toMatchObject({ rowCount: 1 });
});

test('a connection of requests is closed as well, and the next request writes', async () => {
  const database = connect(testDatabase.url, 1);
  try {
    await database.raw(readOnlyNow);
    await expect(database.raw(write)).rejects.toMatchObject({ code: '25006' });
    // The one connection of this pool is replaced.
    await waitFor(
      'a write',
      () => database.raw<{ rowCount: number }>(write),
      ({ rowCount }) => rowCount === 1,
    );
  } finally {
    await database.destroy();
  }
});
