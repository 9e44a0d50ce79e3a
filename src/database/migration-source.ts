import { readdir, readFile } from 'node:fs/promises';
import type { Knex } from 'knex';
import { projectFolder } from '../shared/program.ts';

const folder = new URL('migrations/', projectFolder);

/** A name with this ending is of a migration that older builds cannot work with. All others only add. */
const breaking = '.breaking.sql';

// Read once: readiness compares again and again.
let ownFiles: ReturnType<typeof migrationSource.getMigrations> | undefined;

/**
 * Compares the migrations of a database with those of this build. A build works with its own schema, and with a newer one unless one of
 * the newer migrations is named as breaking (decision 20).
 */
export async function compareMigrations(
  made: readonly string[],
): Promise<'same' | 'schema_older' | 'schema_newer'> {
  ownFiles ??= migrationSource.getMigrations([]);
  const ours = (await ownFiles).map(({ file }) => file);
  if (ours.some((file) => !made.includes(file))) return 'schema_older';
  return made.some((name) => !ours.includes(name) && name.endsWith(breaking)) ? 'schema_newer' : 'same';
}

/** The files of `migrations/`, in the order of their numbers. Knex records each under its file name. */
export const migrationSource: Knex.MigrationSource<{ readonly file: string }> = {
  getMigrations: async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.sql'));
    return files.toSorted().map((file) => ({ file }));
  },
  getMigrationName: ({ file }) => file,
  getMigration: async ({ file }) => {
    const sql = await readFile(new URL(file, folder), 'utf8');
    return {
      up: (knex) => knex.raw(sql),
      down: () => Promise.reject(new Error('Migrations only go forward. Restore a back-up instead.')),
    };
  },
};
