import { readdir, readFile } from 'node:fs/promises';
import type { Knex } from 'knex';

// The same folder for the sources, the build, the tests and knex's command line.
const folder = new URL('../../migrations/', import.meta.url);

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
