import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../src/supervisor/postgres.ts';

/** A copy of the project whose sources may be broken, with one Postgres for all of its test runs. */
export interface Sandbox {
  readonly folder: string;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

// Neither the sources nor the tests need these.
const leftOut = new Set(['node_modules', 'dist', '.git', '.data', 'test-results', 'coverage']);

/** Copies the project; the installed packages are shared. */
export async function openSandbox(root: string, givenUrl: string | undefined): Promise<Sandbox> {
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
  // The prefix by which the next test run finds and ends a server that was left behind.
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
