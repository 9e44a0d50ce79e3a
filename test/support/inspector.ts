import createKnex, { type Knex } from 'knex';
import { rowTypes } from '../../src/shared/statement.ts';

/** Opens a handle with which tests look at rows as Postgres has them, columns in snake_case, whatever the shop makes of them. */
export function openInspector(url: string, poolSize: number): Knex {
  return createKnex({
    client: 'pg',
    connection: { connectionString: url, types: rowTypes },
    pool: { min: 0, max: poolSize },
    // A lost connection fails its query as well; knex would print each attempt.
    log: { warn: () => undefined },
  });
}
