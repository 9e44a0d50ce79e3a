import type { Database } from '../../src/database/connection.ts';

/** Every row of every table in every schema, as JSON: the text of a dump. */
export async function dump(database: Database): Promise<string> {
  const { rows: tables } = await database.raw<{ rows: { name: string }[] }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await database.raw<{ rows: { text: string }[] }>(
      `select '${name} ' || cast(to_jsonb(one) as text) as text from ${name} as one`,
    );
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}

const shown = 40;

/** Where a pattern matches in a dump: the tables, and some characters on both sides. Empty when nothing is found. */
export function placesOf(text: string, pattern: RegExp): string[] {
  return linesWith(text, pattern).map((line) => {
    const at = pattern.exec(line)?.index ?? 0;
    return `${line.split(' ')[0]}: …${line.slice(Math.max(0, at - shown), at + shown)}…`;
  });
}

/** The lines of a dump that a pattern matches. */
export function linesWith(text: string, pattern: RegExp): string[] {
  return text.split('\n').filter((line) => pattern.test(line));
}
