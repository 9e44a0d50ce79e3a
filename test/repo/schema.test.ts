import { expect, test } from 'vitest';
import { openInspector } from '../support/inspector.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { describeSchema } from '../support/schema.ts';

test('docs/schema.sql is the schema that the migrations make; `npm run db:schema` rewrites it', async () => {
  const testDatabase = await createTestDatabase();
  const database = openInspector(testDatabase.url, 2);
  try {
    await expect(await describeSchema(database)).toMatchFileSnapshot('../../docs/schema.sql');
  } finally {
    await database.destroy();
    await testDatabase.drop();
  }
});
