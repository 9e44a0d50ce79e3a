import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

/** The parts of the database's state on which orders depend. */
export interface DatabaseState {
  /** A standby, or set to read-only. */
  readonly readOnly: boolean;
  /** The names of the migrations that were made, in their order. */
  readonly migrations: readonly string[];
}

/** Reads the state of the database. @throws when it does not answer */
export async function readDatabaseState(database: Database): Promise<DatabaseState> {
  const [state] = await statementsOf(database)<DatabaseState>(
    `select pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as read_only,
       array(select name from knex_migrations order by id) as migrations`,
  );
  if (!state) throw new Error('Postgres returned no row.');
  return state;
}
