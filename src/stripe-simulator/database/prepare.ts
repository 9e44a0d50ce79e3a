import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { isPostgresAway } from '../../shared/outage.ts';
import type { Database } from './connection.ts';
import { createTables } from './tables.ts';

const millisecondsToWait = 15_000;
const millisecondsBetweenTries = 200;
const databaseMissing = '3D000';
const databaseExists = '42P04';
const uniqueViolation = '23505';
const templateInUse = '55006';

/** Makes the database and its tables exist, and waits a while for a Postgres that is still starting. */
export async function prepareDatabase(database: Database, databaseUrl: string): Promise<void> {
  const deadline = Date.now() + millisecondsToWait;
  for (;;) {
    try {
      await createTables(database);
      return;
    } catch (error) {
      if (codeOf(error) === databaseMissing) await createDatabase(databaseUrl);
      else if (!isPostgresAway(error) && codeOf(error) !== templateInUse) throw error;
      if (Date.now() > deadline) throw error;
      await sleep(millisecondsBetweenTries);
    }
  }
}

async function createDatabase(databaseUrl: string): Promise<void> {
  const server = new URL(databaseUrl);
  const name = decodeURIComponent(server.pathname.slice(1));
  server.pathname = '/postgres';
  const client = new Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(`create database ${escapeIdentifier(name)}`);
  } catch (error) {
    // Another process was faster, or holds the template for a moment: the caller looks again.
    if (![databaseExists, uniqueViolation, templateInUse].includes(codeOf(error))) throw error;
  } finally {
    await client.end();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
