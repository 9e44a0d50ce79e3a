import type { Database } from '../../src/database/connection.ts';

/**
 * Describes the shop's own tables, views, triggers and functions as SQL, and the extensions that they need, from the catalogue of a
 * migrated database.
 * Written for people: the diff in a review shows the changes of a migration.
 */
export async function describeSchema(database: Database): Promise<string> {
  const tables = await names(database, 'r');
  const views = await names(database, 'v');
  const parts = [
    ...(await describeExtensions(database)),
    ...(await Promise.all(tables.map((table) => describeTable(database, table)))),
    ...(await Promise.all(views.map((view) => describeView(database, view)))),
    ...(await describeTriggers(database)),
    ...(await describeFunctions(database)),
  ];
  return `-- Written by \`npm run db:schema\`; the tests compare it with the migrations.\n\n${parts.join('\n')}`;
}

async function rows<Row>(database: Database, sql: string, name: string): Promise<Row[]> {
  const result = await database.raw<{ rows: Row[] }>(sql, { name });
  return result.rows;
}

async function names(database: Database, kind: string): Promise<string[]> {
  const found = await rows<{ relname: string }>(
    database,
    `select relname from pg_class join pg_namespace n on n.oid = relnamespace
     where nspname = 'public' and relkind = :name and relname not like 'knex_%' order by relname`,
    kind,
  );
  return found.map(({ relname }) => relname);
}

async function describeExtensions(database: Database): Promise<string[]> {
  const extensions = await rows<{ line: string }>(
    database,
    `select 'create extension ' || extname || ';\n' as line from pg_extension
     where extname <> :name and extname <> 'pg_stat_statements' order by extname`,
    'plpgsql',
  );
  return extensions.map(({ line }) => line);
}

async function describeTable(database: Database, table: string): Promise<string> {
  const columns = await rows<{ line: string }>(
    database,
    `select attname || ' ' || format_type(atttypid, atttypmod)
       || case attidentity when 'a' then ' generated always as identity' else '' end
       || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
       || case when attnotnull then ' not null' else '' end as line
     from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where attrelid = cast(:name as regclass) and attnum > 0 and not attisdropped order by attnum`,
    table,
  );
  const constraints = await rows<{ line: string }>(
    database,
    `select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
     where conrelid = cast(:name as regclass) and contype <> 'n' order by contype desc, conname`,
    table,
  );
  const indexes = await rows<{ line: string }>(
    database,
    `select pg_get_indexdef(indexrelid) || ';' as line from pg_index
     where indrelid = cast(:name as regclass)
       and not exists (select 1 from pg_constraint where conindid = indexrelid) order by 1`,
    table,
  );
  const lines = [...columns, ...constraints].map(({ line }) => `  ${line}`).join(',\n');
  return `create table ${table} (\n${lines}\n);\n${indexes.map(({ line }) => `${line}\n`).join('')}`;
}

async function describeTriggers(database: Database): Promise<string[]> {
  const triggers = await rows<{ text: string }>(
    database,
    `select pg_get_functiondef(tgfoid) || ';\n' || string_agg(pg_get_triggerdef(pg_trigger.oid) || ';\n', '' order by tgname) as text
     from pg_trigger join pg_class on pg_class.oid = tgrelid join pg_namespace n on n.oid = relnamespace
     where nspname = :name and not tgisinternal group by tgfoid order by min(tgname)`,
    'public',
  );
  return triggers.map(({ text }) => text);
}

/** Functions that statements call. */
async function describeFunctions(database: Database): Promise<string[]> {
  const functions = await rows<{ text: string }>(
    database,
    `select pg_get_functiondef(p.oid) || ';\n' as text from pg_proc p join pg_namespace n on n.oid = pronamespace
     where nspname = :name and prorettype <> cast('trigger' as regtype)
       and not exists (select from pg_depend where objid = p.oid and deptype = 'e') order by proname`,
    'public',
  );
  return functions.map(({ text }) => text);
}

async function describeView(database: Database, view: string): Promise<string> {
  const [definition] = await rows<{ sql: string }>(
    database,
    'select pg_get_viewdef(cast(:name as regclass), true) as sql',
    view,
  );
  return `create view ${view} as\n${definition?.sql ?? ''}\n`;
}
