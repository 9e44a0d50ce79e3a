import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../src/supervisor/postgres.ts';

/** A copy of the project in which sources may be broken, and one Postgres for all runs of tests in it. */
export interface Workshop {
  readonly folder: string;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

// Neither sources nor what a test reads.
const leftOut = new Set(['node_modules', 'dist', '.git', '.data', 'test-results', 'coverage']);

/** Copies the project; the installed packages are shared. */
export async function openWorkshop(root: string, givenUrl: string | undefined): Promise<Workshop> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-mutants-'));
  await cp(root, folder, {
    recursive: true,
    filter: (source) => !leftOut.has(path.relative(root, source)),
  });
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const postgres = await openPostgres(givenUrl);
  return {
    folder,
    databaseUrl: postgres.url,
    close: async () => {
      await postgres.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openPostgres(givenUrl = ''): Promise<{ url: string; close: () => Promise<void> }> {
  if (givenUrl !== '') return { url: givenUrl, close: () => Promise.resolve() };
  // Named as those of test runs, so that one that is left behind is ended by the next.
  const dataDir = await mkdtemp(path.join(tmpdir(), `holdfast-test-${process.pid}-`));
  const server = await startPostgres({
    dataDir,
    settings: { max_connections: '400', shared_preload_libraries: 'pg_stat_statements' },
  });
  return {
    url: server.url,
    close: async () => {
      await server.stop('immediate');
      await rm(server.dataDir, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
