import type { Knex } from 'knex';

export type Bindings = Readonly<Record<string, Knex.RawBinding>>;

/**
 * Runs one SQL statement and returns its rows. Bindings are named (`:name`); write casts as `cast(:name as type)`,
 * because a double colon behind a name means an identifier to knex.
 */
export type Statement = <Row>(sql: string, bindings?: Bindings) => Promise<Row[]>;

/** Statements on the pool or in an open transaction. */
export function statementsOn(handle: Knex): Statement {
  return async <Row>(sql: string, bindings: Bindings = {}) => {
    const result: { rows: Row[] } = await handle.raw(sql, bindings);
    return result.rows;
  };
}
