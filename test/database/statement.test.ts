import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createEmptyDatabase();
  database = connect(testDatabase.url, 1);
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

test('columns come in camelCase, and JSON stays as it is', async () => {
  const rows = await statementsOf(database)(`select 1 as order_id, cast(:detail as json) as first_detail`, {
    detail: '{"refund_id":2}',
  });
  expect(rows).toEqual([{ orderId: 1, firstDetail: { refund_id: 2 } }]);
});

test('the message of a failed statement contains neither its text nor the values of its bindings', async () => {
  const failing = statementsOf(database)('select 1 / cast(:secret as integer) - 1', { secret: 0 });
  await expect(failing).rejects.toMatchObject({ message: 'division by zero', code: '22012' });
});
