import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RunningPostgres, startPostgres } from '../src/supervisor/postgres.ts';
import { isAlive } from '../src/supervisor/processes.ts';
import type { Cleanup } from './cleanup.ts';

const folderPrefix = 'holdfast-bench-';

// What is acknowledged must be on the disk, or the figures are of another shop.
const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_preload_libraries: 'pg_stat_statements',
  max_connections: '200',
};

/** The address of the Postgres to measure on: the one that was given, or an embedded one that ends with us. */
export async function openDatabaseServer(given: string | undefined, cleanup: Cleanup): Promise<string> {
  if (given !== undefined && given !== '') return given;
  await removeLeftovers();
  const dataDir = await mkdtemp(path.join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const starting = startPostgres({ dataDir, settings });
  cleanup.add(async () => {
    const server = await starting.catch(() => undefined);
    await remove(server, dataDir);
  });
  return (await starting).url;
}

/** A run that was killed leaves its server behind: the next one ends it. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const dataDir = path.join(tmpdir(), name);
    // Starting takes a running server over. Another run may be removing the same one, and then nothing is left to do.
    await startPostgres({ dataDir, settings })
      .then((server) => remove(server, dataDir))
      .catch(() => undefined);
  }
}

async function remove(server: RunningPostgres | undefined, dataDir: string): Promise<void> {
  await server?.stop('immediate');
  if (server) await rm(server.dataDir, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
