import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { connect } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { startPostgres } from '../../src/supervisor/postgres.ts';
import { isAlive } from '../../src/supervisor/processes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that the tests share; `template` is a migrated and seeded database to copy. */
    postgres: { adminUrl: string; template: string };
  }
}

const folderPrefix = 'holdfast-test-';

/**
 * Prepares what the selected projects need, once for all of them: `dist` for the ones that start real processes,
 * and one Postgres server with a migrated template database for all but the unit tests.
 * The server is the one of TEST_DATABASE_URL, or else an embedded one that is stopped and removed at the end.
 */
// oxlint-disable-next-line import/no-default-export -- vitest calls the default export
export default async function prepare(root: TestProject): Promise<(() => Promise<void>) | undefined> {
  const selected = new Set(root.vitest.projects.map((project) => project.name));
  if (selected.has('processes') || selected.has('timing')) await build();
  if (!selected.has('processes') && !selected.has('integration')) return undefined;
  const server = await openServer();
  const template = `holdfast_template_${randomBytes(4).toString('hex')}`;
  const close = async (): Promise<void> => {
    await onServer(server.url, `drop database if exists ${template} with (force)`);
    await server.close();
  };
  try {
    await onServer(server.url, `create database ${template}`);
    const url = new URL(server.url);
    url.pathname = template;
    await migrate(url.href);
  } catch (error) {
    await close();
    throw error;
  }
  root.provide('postgres', { adminUrl: server.url, template });
  return close;
}

async function build(): Promise<void> {
  await promisify(execFile)('npm', ['run', '--silent', 'build']).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`npm run build failed:\n${error.stdout}${error.stderr}`);
    },
  );
}

async function openServer(): Promise<{ url: string; close: () => Promise<void> }> {
  const given = env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, close: () => Promise.resolve() };
  await removeLeftovers();
  const dataDir = await mkdtemp(path.join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const server = await startPostgres({
    dataDir,
    settings: { max_connections: '400', shared_preload_libraries: 'pg_stat_statements' },
  });
  return { url: server.url, close: () => remove(server, dataDir) };
}

/** A test run that was killed leaves its server behind: the next one ends it. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const dataDir = path.join(tmpdir(), name);
    // Another run may be removing the same one; whoever comes second has nothing left to do.
    await startPostgres({ dataDir })
      .then((server) => remove(server, dataDir))
      .catch(() => undefined);
  }
}

async function remove(
  server: { stop: (mode: 'immediate') => Promise<void>; dataDir: string },
  dataDir: string,
): Promise<void> {
  await server.stop('immediate');
  await rm(server.dataDir, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

async function onServer(url: string, statement: string): Promise<void> {
  const database = connect(url, 1);
  try {
    await database.raw(statement);
  } finally {
    await database.destroy();
  }
}
