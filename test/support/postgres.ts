import { randomBytes } from 'node:crypto';
import createKnex, { type Knex } from 'knex';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Ends every session on the database and removes it. Dropped twice is fine. */
  drop(): Promise<void>;
}

/** Opens a handle with which tests look at rows as Postgres has them, columns in snake_case, whatever the shop makes of them. */
export function openInspector(url: string, poolSize: number): Knex {
  return createKnex({
    client: 'pg',
    connection: url,
    pool: { min: 0, max: poolSize },
    // A lost connection fails its query as well; knex would print each attempt.
    log: { warn: () => undefined },
  });
}

/** A database of the test's own with the shop's tables, the DBOS tables and the seeded catalogue. */
export function createTestDatabase(): Promise<TestDatabase> {
  return create(`template ${inject('postgres').template}`);
}

/** A database of the test's own with nothing in it. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('');
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

async function onServer(statement: string): Promise<void> {
  const database = openInspector(inject('postgres').adminUrl, 1);
  try {
    await database.raw(statement);
  } finally {
    await database.destroy();
  }
}
