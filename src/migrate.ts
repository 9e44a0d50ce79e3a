import { readConfig, SettingsError } from './config.ts';
import { migrate } from './database/migrate.ts';
import { createDatabaseIfMissing } from './supervisor/create-database.ts';
import { loadEnvFile } from './supervisor/env-file.ts';
import { describe } from './supervisor/faults.ts';

/** What `npm run db:migrate` runs: brings the database of DATABASE_URL up to date. Exit code 1 when it could not. */
async function main(): Promise<void> {
  loadEnvFile();
  const { databaseUrl } = readConfig(process.env, 'migrate');
  if (databaseUrl === undefined) throw new SettingsError(['DATABASE_URL: is missing']);
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
