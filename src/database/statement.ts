import createKnex, { type Knex } from 'knex';
import type { ClientBase } from 'pg';
import type { Database } from './connection.ts';

type Bindings = Readonly<Record<string, Knex.RawBinding>>;

/**
 * Runs one SQL statement of an open transaction and returns its rows. Bindings are named (`:name`); write casts as
 * `cast(:name as type)`, because a double colon behind a name means an identifier to knex.
 */
export type Statement = <Row>(sql: string, bindings?: Bindings) => Promise<Row[]>;

// Writes SQL for a connection that somebody else holds, so it has no pool of its own.
const builder = createKnex({ client: 'pg' });

/** Statements on a connection whose transaction the caller began and will end. */
export function statementsOn(client: ClientBase): Statement {
  return async <Row>(sql: string, bindings: Bindings = {}) => {
    const result: { rows: Row[] } = await builder.raw(sql, bindings).connection(client);
    return result.rows;
  };
}

/**
 * Runs an outbox transaction: a write outside any workflow whose messages and starts of workflows commit with it.
 * Not retried here: who asked gets the error and asks again.
 */
export function outboxTransaction<Result>(
  database: Database,
  callback: (sql: Statement) => Promise<Result>,
): Promise<Result> {
  return database.transaction((transaction) => callback(statementsOf(transaction)));
}

/** Statements that are a transaction each: a read, or a write that is whole by itself. */
export function statementsOf(database: Database): Statement {
  return async <Row>(sql: string, bindings: Bindings = {}) => {
    const result: { rows: Row[] } = await database.raw(sql, bindings);
    return result.rows;
  };
}
