import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

const migrations = 'array(select name from knex_migrations order by id) as migrations';

/**
 * Reads the names of the migrations that were made, in their order, and locks a row for a moment, which only a server that accepts
 * writes allows.
 * @param executorId the process whose row is locked
 * @returns undefined when the process has no row
 * @throws when the database does not answer or accepts no writes
 */
export async function readWritableSchema(
  database: Database,
  executorId: string,
): Promise<readonly string[] | undefined> {
  const [row] = await statementsOf(database)<{ migrations: string[] }>(
    `select ${migrations} from executors where executor_id = :executorId for update`,
    { executorId },
  );
  return row?.migrations;
}

/** Reads the names of the migrations that were made, in their order. @throws when the database does not answer */
export async function readSchema(database: Database): Promise<readonly string[]> {
  const [row] = await statementsOf(database)<{ migrations: string[] }>(`select ${migrations}`);
  return row?.migrations ?? [];
}
