import { readConfig, SettingsError } from './config.ts';
import { migrate } from './database/migrate.ts';
import { createDatabaseIfMissing } from './supervisor/create-database.ts';
import { findDatabase } from './supervisor/database.ts';
import { loadEnvFile } from './supervisor/env-file.ts';
import { describe } from './supervisor/faults.ts';

/** What `npm run db:migrate` runs: brings the shop's database up to date. Exit code 1 when it could not. */
async function main(): Promise<void> {
  loadEnvFile();
  const databaseUrl = await findDatabase(readConfig(process.env, 'migrate'));
  await createDatabaseIfMissing(databaseUrl);
  await migrate(databaseUrl);
  const { host, pathname } = new URL(databaseUrl);
  process.stdout.write(`The database ${host}${pathname} is up to date.\n`);
}

try {
  await main();
} catch (error) {
  const text = error instanceof SettingsError ? error.message : `Nothing was migrated: ${describe(error)}`;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
