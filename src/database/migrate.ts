import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Knex } from 'knex';
import { Client } from 'pg';
import { connect } from './connection.ts';
import * as shop from './migrations/001_shop.ts';
import * as money from './migrations/002_money.ts';
import * as storefront from './migrations/003_storefront.ts';
import * as fast from './migrations/004_fast.ts';
import * as indexes from './migrations/005_indexes.ts';
import { seedCatalogue } from './seed.ts';

const migrations: Readonly<Record<string, Knex.Migration>> = {
  '001_shop': shop,
  '002_money': money,
  '003_storefront': storefront,
  '004_fast': fast,
  '005_indexes': indexes,
};

const source: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve(Object.keys(migrations)),
  getMigrationName: (name) => name,
  getMigration: (name) => {
    const migration = migrations[name];
    if (!migration) throw new Error(`There is no migration ${name}.`);
    return Promise.resolve(migration);
  },
};

// Any number that nothing else in this database locks on.
const migrationLock = 4_865_716;
const lookEveryMs = 100;
const waitAtMostMs = 60_000;

/**
 * Brings the shop's tables and the DBOS system tables up to date, and fills an empty catalogue.
 * An advisory lock lets several processes migrate at once, and everything of ours is one transaction: a process that
 * is killed in the middle leaves nothing behind, no lock row either.
 * @throws when another migration holds the lock for a minute.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  // Not from a pool, which would close a connection that idles while a migration takes its time.
  const lockHolder = new Client({ connectionString: databaseUrl });
  const database = connect(databaseUrl, 1);
  await lockHolder.connect();
  try {
    await takeLock(lockHolder);
    await DBOS.migrate(databaseUrl);
    await database.transaction(async (trx) => {
      await trx.migrate.latest({ migrationSource: source });
      await seedCatalogue(trx);
    });
  } finally {
    await database.destroy();
    // The lock ends with its session.
    await lockHolder.end();
  }
}

// Asks again and again instead of waiting inside Postgres: a waiting statement would hold up the engine's
// `create index concurrently`, which waits for every open statement, and both would stand still for ever.
async function takeLock(lockHolder: Client): Promise<void> {
  for (let waitedMs = 0; waitedMs < waitAtMostMs; waitedMs += lookEveryMs) {
    const { rows } = await lockHolder.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      migrationLock,
    ]);
    if (rows[0]?.taken) return;
    await pause(lookEveryMs);
  }
  throw new Error('Another process has been migrating this database for a minute.');
}
