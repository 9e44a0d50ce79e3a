import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import { deadAfterSeconds, renewExecutor } from '../../src/database/transactions/executors.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { createLiveness, type Liveness } from '../../src/workflows/liveness.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

const [me, silent] = ['shop-0~00000000', 'shop-1~00000000'] as const;
let testDatabase: TestDatabase;
let database: Database;
let liveness: Liveness;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, 1);
});

afterEach(async () => {
  await liveness.end();
  await database.destroy();
  await testDatabase.drop();
});

test('a process that starts declares a silent one dead only after it was steady for seven seconds itself', async () => {
  const sql = statementsOf(database);
  await renewExecutor(sql, { executorId: silent, host: 'here', build: '1' });
  await sql(`update executors set seen_at = now() - interval '1 minute'`);
  liveness = createLiveness({
    databaseUrl: testDatabase.url,
    build: '1',
    conductor: undefined,
    onLostConnection: () => undefined,
  });
  await liveness.start(me);
  const [end] = await waitFor(
    'the end of the silent process',
    () =>
      sql<{ waited: number }>(
        `select cast(extract(epoch from other.ended_at - own.started_at) as float8) as waited
         from executors as own cross join executors as other
         where own.executor_id = :me and other.executor_id = :silent and other.ended_at is not null`,
        { me, silent },
      ),
    (ends) => ends.length > 0,
  );
  expect(end?.waited).toBeGreaterThan(deadAfterSeconds);
});
