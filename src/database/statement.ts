import createKnex, { type Knex } from 'knex';
import type { ClientBase } from 'pg';
import type { Database } from './connection.ts';

type Bindings = Readonly<Record<string, Knex.RawBinding>>;

/**
 * Runs one SQL statement of an open transaction and returns its rows. Bindings are named (`:name`); write casts as
 * `cast(:name as type)`, because a double colon behind a name means an identifier to knex.
 */
export type Statement = <Row>(sql: string, bindings?: Bindings) => Promise<Row[]>;

/** Statements on a connection whose transaction the caller began and will end. */
export function statementsOn(client: ClientBase): Statement {
  return async <Row>(sql: string, bindings: Bindings = {}) => {
    const { text, names } = numbered(sql, bindings);
    const missing = names.find((name) => bindings[name] === undefined);
    if (missing !== undefined) throw new Error(`A statement has no value for :${missing}.`);
    const { rows } = await client.query(
      text,
      names.map((name) => bindings[name]),
    );
    return rows as Row[];
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
  const pool = database.client as Connections;
  return async <Row>(sql: string, bindings: Bindings = {}) => {
    const connection = await pool.acquireConnection();
    try {
      return await statementsOn(connection)<Row>(sql, bindings);
    } finally {
      await pool.releaseConnection(connection);
    }
  };
}

/** The part of a knex client that lends its connections; within a transaction it is always the same one. */
interface Connections {
  acquireConnection(): Promise<ClientBase>;
  releaseConnection(connection: ClientBase): Promise<void>;
}

interface Numbered {
  readonly text: string;
  /** Of the bindings, in the order of their numbers. */
  readonly names: readonly string[];
}

const known = new Map<string, Numbered>();
const builder = createKnex({ client: 'pg' });

/** The statement as Postgres takes it. Knex translates each text once: it takes longer than some statements do. */
function numbered(sql: string, bindings: Bindings): Numbered {
  const before = known.get(sql);
  if (before) return before;
  const itself = Object.fromEntries(Object.keys(bindings).map((name) => [name, name]));
  const { sql: text, bindings: names } = builder.raw(sql, itself).toSQL().toNative();
  const translated = { text, names: names as string[] };
  known.set(sql, translated);
  return translated;
}
