import { readConfig } from './src/config.ts';
import { migrationSource } from './src/database/migration-source.ts';
import { loadEnvFile } from './src/shared/program.ts';
import { findDatabase } from './src/supervisor/database.ts';

loadEnvFile();
const connection = async () => ({ connectionString: await findDatabase(readConfig(process.env, 'migrate')) });

// oxlint-disable-next-line import/no-default-export -- knex reads the default export
export default { client: 'pg', connection, migrations: { migrationSource } };
