import type { AddressForms } from '../../shared/address.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

// Searches for an address in texts. Each reads whole tables, for an operator who waits.

// The whole address, and not the end of a longer one, such as o'neil@example.com. A quote before it that follows no letter is one of the
// text. In JSON, a letter before it may be the end of an escape.
const begins = String.raw`(?:(?<![[:alnum:]._%+-])(?<![[:alnum:]][!#$&'*^~]+)|(?<=\\[nrt]))`;
const ends = String.raw`(?![[:alnum:]-]|\.[[:alnum:]])`;

/** SQL of whether a column has one of the forms of `:address`, without regard to case. */
export function isAddressSql(column: string): string {
  return `lower(${column}) = any(array(select lower(form) from unnest(cast(:address as text[])) as form))`;
}

/** SQL of whether a text mentions the address of `mentionBindings`. The first condition is quick, and true for few. */
function mentionsSql(text: string): string {
  const likely = 'array(select lower(form) from unnest(cast(:likely as text[])) as form)';
  return `(lower(${text}) like any(${likely}) and ${text} ~* cast(:pattern as text))`;
}

/** The bindings of `mentionsSql`. */
export function mentionBindings(address: AddressForms) {
  const escaped = address.map((form) => form.replaceAll(/[^\p{L}\p{N}@]/gu, String.raw`\$&`));
  return {
    likely: address.map((form) => `%${form.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`),
    pattern: `${begins}(?:${escaped.join('|')})${ends}`,
  };
}

/** The engine's tables about workflows, each with its column of the workflow's id. */
export const engineTables = Object.entries({
  workflow_status: 'workflow_uuid',
  workflow_input: 'workflow_uuid',
  workflow_output: 'workflow_uuid',
  operation_outputs: 'workflow_uuid',
  notifications: 'destination_uuid',
  workflow_events: 'workflow_uuid',
  workflow_events_history: 'workflow_uuid',
  streams: 'workflow_uuid',
});

/** SQL of the ids of all workflows that mention the address of `mentionBindings`, in whatever table and column. */
export const mentioningWorkflowsSql = engineTables
  .map(([table, id]) => `select ${id} from dbos.${table} as one where ${mentionsSql('cast(one as text)')}`)
  .join(' union ');

/** A table, and the number of its rows that mention an address. */
export interface Mention {
  readonly table: string;
  readonly rows: number;
}

/** Searches every row of every table for an address. */
export async function searchEverywhere(database: Database, address: AddressForms): Promise<Mention[]> {
  const sql = statementsOf(database);
  const tables = await sql<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind = 'r' and nspname <> 'information_schema' and not starts_with(nspname, 'pg_') order by 1`,
  );
  const found: Mention[] = [];
  for (const { name: table } of tables) {
    const [count] = await sql<{ rows: number }>(
      `select cast(count(*) as integer) as rows from ${table} as one where ${mentionsSql('cast(one as text)')}`,
      mentionBindings(address),
    );
    if (count && count.rows > 0) found.push({ table, rows: count.rows });
  }
  return found;
}
