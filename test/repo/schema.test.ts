import { expect, test } from 'vitest';
import { createTestDatabase, openInspector } from '../support/postgres.ts';
import { describeSchema } from '../support/schema.ts';

test('docs/schema.sql shows what the migrations make; `npm run db:schema` writes it anew', async () => {
  const testDatabase = await createTestDatabase();
  const database = openInspector(testDatabase.url, 2);
  try {
    await expect(await describeSchema(database)).toMatchFileSnapshot('../../docs/schema.sql');
  } finally {
    await database.destroy();
    await testDatabase.drop();
  }
});
