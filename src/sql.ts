import { text } from 'node:stream/consumers';
import { Client, DatabaseError, type QueryResult } from 'pg';
import { readConfig } from './config.ts';
import { runProgram, StartError } from './shared/program.ts';
import { rowTypes } from './shared/statement.ts';
import { findDatabase } from './supervisor/database.ts';

/**
 * The program of `npm run sql`: runs statements on the shop's database, all of them or none, and prints each row as a line of JSON. Without
 * an argument it reads them from its input.
 */
async function main(): Promise<void> {
  const connectionString = await findDatabase(readConfig(process.env, 'migrate'));
  const statements = process.argv.slice(2).join(' ') || (await text(process.stdin));
  const client = new Client({ connectionString, application_name: 'sql', types: rowTypes });
  await client.connect();
  try {
    for (const result of await run(client, statements)) print(result);
  } finally {
    await client.end();
  }
}

async function run(client: Client, statements: string): Promise<QueryResult[]> {
  try {
    // Postgres runs several statements in one message as one transaction.
    const results: QueryResult | QueryResult[] = await client.query(statements);
    return Array.isArray(results) ? results : [results];
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw new StartError([error.message, error.detail, error.hint].filter(Boolean).join('\n'));
  }
}

function print({ command, rowCount, rows }: QueryResult): void {
  for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  if (command && command !== 'SELECT') process.stderr.write(`${command} ${rowCount ?? ''}`.trimEnd() + '\n');
}

await runProgram(main);
