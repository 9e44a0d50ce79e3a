import createKnex, { type Knex } from 'knex';
import pg, { type ClientBase } from 'pg';

export type Bindings = Readonly<Record<string, Knex.Value | null>>;

/**
 * Runs one SQL statement and returns its rows, with their columns in camelCase. Bindings are named (`:name`). Write casts
 * as `cast(:name as type)`, because knex reads a double colon behind a name as an identifier.
 */
export type Statement = <Row>(sql: string, bindings?: Bindings) => Promise<Row[]>;

/**
 * Reads the numbers of 64 bits as numbers, where pg returns texts. Pass it to every connection whose rows are not read by a
 * `Statement`. The connections of the engine keep pg's types for its own statements.
 */
export const rowTypes = {
  getTypeParser: (id: number, format?: string) => (id === int8 ? readInteger : parserOf(id, format)),
};

const int8: number = pg.types.builtins.INT8;
const parserOf = pg.types.getTypeParser as (id: number, format?: string) => (text: string) => unknown;

/** @throws RangeError for a number that JavaScript would change */
function readInteger(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${text} is no safe integer`);
  return number;
}

/** The settings of every knex instance: one casing of rows, and error messages without the values of bindings. */
export const rowSettings = {
  postProcessResponse: camelCaseRows,
  compileSqlOnError: false,
} satisfies Knex.Config;

/** Statements on a pool, each a transaction of its own, or in an open transaction of knex. */
export function statementsOf(handle: Knex): Statement {
  return (sql, bindings) => run(handle.raw(sql, bindings ?? {}), sql, bindings);
}

const builder = createKnex({ client: 'pg', ...rowSettings });

/** Statements on a connection whose transaction the caller began and will end. */
export function statementsOn(client: ClientBase): Statement {
  return (sql, bindings) => run(builder.raw(sql, bindings ?? {}).connection(client), sql, bindings);
}

/** Runs a callback in one transaction. Nothing is retried here: the caller gets the error and repeats it if it wants to. */
export function inTransaction<Result>(
  database: Knex,
  callback: (sql: Statement) => Promise<Result>,
): Promise<Result> {
  return database.transaction((transaction) => callback(statementsOf(transaction)));
}

/** Makes transactions with the same name wait for each other, until they end. Take it first, so that none waits with other locks. */
export async function lockName(sql: Statement, name: string): Promise<void> {
  await sql('select pg_advisory_xact_lock(hashtextextended(:name, 0))', { name });
}

async function run<Row>(query: Knex.Raw<{ rows: Row[] }>, sql: string, bindings?: Bindings): Promise<Row[]> {
  try {
    // A text without bindings may be several statements, which cannot be prepared.
    const name = bindings && { name: statementName(sql) };
    const { rows } = await query.options({ ...name, types: rowTypes });
    return rows;
  } catch (error) {
    renameAfterStalePlan(error);
    throw withoutStatement(error, query);
  }
}

/** Removes the statement that knex puts before Postgres' own message: operators and logs need the message only. */
function withoutStatement(error: unknown, query: Knex.Raw): unknown {
  if (!(error instanceof Error)) return error;
  const prefix = `${query.toSQL().toNative().sql} - `;
  if (error.message.startsWith(prefix)) error.message = error.message.slice(prefix.length);
  return error;
}

// The shop and the engine send far fewer texts. Texts that are built anew each time must not fill the server's memory.
const namesAtMost = 500;
// The columns of these results change with every column that a migration adds, and Postgres then refuses the old plan.
const returnsAllColumns = /\.\*|(select|returning) \*/i;
const stalePlan = '0A000';

let names = new Map<string, string>();
let generation = 0;

/**
 * The name under which Postgres keeps the plan of a statement (decision 17): the same on every connection of this process.
 * @returns undefined for a statement that is not to be prepared
 */
export function statementName(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= namesAtMost || returnsAllColumns.test(text)) return known;
  const name = `holdfast_${generation}_${names.size}`;
  names.set(text, name);
  return name;
}

/** Gives every statement a new name when Postgres has refused a plan from before a migration; ignores other errors. */
export function renameAfterStalePlan(error: unknown): void {
  if ((error as { code?: unknown }).code !== stalePlan) return;
  names = new Map();
  generation += 1;
}

/** Renames the columns of the rows that a query returned. Values stay as they are, JSON included. */
function camelCaseRows(response: unknown): unknown {
  if (Array.isArray(response)) return response.map(camelCaseRow);
  if (response === null || typeof response !== 'object') return response;
  const { rows } = response as { rows?: unknown };
  // The answer to raw SQL keeps its rows beside counts and types; `first()` returns the row itself.
  return Array.isArray(rows) ? { ...response, rows: rows.map(camelCaseRow) } : camelCaseRow(response);
}

function camelCaseRow(row: unknown): unknown {
  if (row === null || typeof row !== 'object') return row;
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [camelCase(column), value]));
}

const properties = new Map<string, string>();

function camelCase(column: string): string {
  let property = properties.get(column);
  if (property === undefined) {
    property = column.replaceAll(/_([a-z\d])/g, (_match, letter: string) => letter.toUpperCase());
    properties.set(column, property);
  }
  return property;
}
