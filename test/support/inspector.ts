import createKnex, { type Knex } from 'knex';
import { rowTypes } from '../../src/shared/statement.ts';

// As the shop reads them, except that no number is refused: Postgres' own views have some of which JavaScript keeps only texts.
const inspectedTypes = {
  getTypeParser: (id: number, format?: string) => {
    const read = rowTypes.getTypeParser(id, format);
    return (text: string): unknown => {
      try {
        return read(text);
      } catch (error) {
        if (error instanceof RangeError) return text;
        throw error;
      }
    };
  },
};

const patienceMs = 300_000;

/** Opens a handle with which tests look at rows as Postgres has them, columns in snake_case, whatever the shop makes of them. */
export function openInspector(url: string, poolSize: number): Knex {
  return createKnex({
    client: 'pg',
    connection: { connectionString: url, types: inspectedTypes },
    // On a busy machine Postgres takes its time. A test that waits for too long has a limit of its own.
    pool: { min: 0, max: poolSize, createTimeoutMillis: patienceMs },
    acquireConnectionTimeout: patienceMs,
    // A lost connection fails its query as well; knex would print each attempt.
    log: { warn: () => undefined },
  });
}
