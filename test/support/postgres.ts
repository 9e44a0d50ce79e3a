import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { openInspector } from './inspector.ts';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Ends every session on the database and removes it. Dropped twice is fine. */
  drop(): Promise<void>;
}

/** A database of the test's own with the shop's tables, the DBOS tables and the seeded catalogue. */
export function createTestDatabase(): Promise<TestDatabase> {
  // Copied as files: dropping it then costs a fifth, because no page of it is in memory.
  return create(`strategy file_copy template ${inject('postgres').template}`);
}

/** A database of the test's own with nothing in it. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('strategy file_copy');
}

async function create(source: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name} ${source}`);
  const url = new URL(inject('postgres').adminUrl);
  url.pathname = name;
  return {
    url: url.href,
    name,
    drop: () => onServer(`drop database if exists ${name} with (force)`),
  };
}

/** Runs a statement on the server, outside every test database. */
export async function onServer(statement: string): Promise<void> {
  const database = openInspector(inject('postgres').adminUrl, 1);
  try {
    await database.raw(statement);
  } finally {
    await database.destroy();
  }
}
