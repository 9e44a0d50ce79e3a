import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import createKnex, { type Knex } from 'knex';
import { Client } from 'pg';
import { compareMigrations, migrationSource } from './migration-source.ts';
import { seedCatalogue } from './seed.ts';

// Any number that nothing else in this database locks on.
const migrationLock = 4_865_716;
const lookEveryMs = 100;
const waitAtMostMs = 60_000;

/**
 * Brings the shop's tables and the engine's up to date, and fills an empty catalogue.
 * An advisory lock lets several processes migrate at once. Everything of ours is one transaction: a process that
 * is killed in the middle leaves nothing behind, no lock row either. A database of a newer version that this one can work with stays as
 * it is.
 * @throws when another migration holds the lock for a minute, or another version made the database
 */
export async function migrate(databaseUrl: string): Promise<void> {
  // Not from a pool, which would close a connection that idles while a migration takes its time.
  const lockHolder = new Client({ connectionString: databaseUrl });
  // An error without a listener ends the process. When the connection is lost, the next statement fails.
  lockHolder.on('error', () => undefined);
  // Not by `connect`: knex reads its own tables, and expects their columns in snake_case.
  const database = createKnex({ client: 'pg', connection: databaseUrl, pool: { min: 0, max: 1 } });
  await lockHolder.connect();
  try {
    await takeLock(lockHolder);
    if ((await readSchema(database)) === 'newer') return;
    await DBOS.migrate(databaseUrl);
    await database.transaction(async (trx) => {
      await trx.migrate.latest({ migrationSource });
      await trx.raw(unreadMessages);
      await seedCatalogue(trx);
    });
  } finally {
    await database.destroy();
    // The lock ends with its session.
    await lockHolder.end();
  }
}

// Serves `renotifyUnreadMessages`. Not among the migrations: knex's command line runs them without the engine's tables.
const unreadMessages = `
  create index if not exists holdfast_unread on dbos.notifications (created_at_epoch_ms) where not consumed`;

/** @throws when another version made the database, and this one cannot work with it */
async function readSchema(database: Knex): Promise<'ours' | 'newer'> {
  if (!(await database.schema.hasTable('knex_migrations'))) return 'ours';
  const recorded: string[] = await database('knex_migrations').orderBy('id').pluck('name');
  const ours = (await migrationSource.getMigrations([])).map(({ file }) => file);
  const foreign = recorded.filter((name) => !ours.includes(name));
  if (foreign.length === 0) return 'ours';
  // Before 0.1.0 migrations had no file extension.
  if (foreign.every((name) => name.endsWith('.sql'))) {
    if ((await compareMigrations(recorded)) === 'same') return 'newer';
    throw new Error(
      `the database was migrated by a newer version (${foreign.join(', ')}). Start that version.`,
    );
  }
  throw new Error(
    'the database comes from a version before 0.1.0, and there is no upgrade from those. Its data has to go: ' +
      'delete the data folder (.data, or DATA_DIR), or with DATABASE_URL drop that database. Then start again.',
  );
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
