import { readConfig } from './config.ts';
import { nameOfDatabase } from './shared/postgres-address.ts';
import { runProgram } from './shared/program.ts';
import { findDatabase, prepareDatabase } from './supervisor/database.ts';

/** The program of `npm run db:migrate`: brings the shop's database up to date. */
async function main(): Promise<void> {
  const config = readConfig(process.env, 'migrate');
  const databaseUrl = await findDatabase(config);
  await prepareDatabase(databaseUrl, config.production, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${nameOfDatabase(databaseUrl)} is up to date.\n`);
}

await runProgram(main);
