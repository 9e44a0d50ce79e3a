import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { connect } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { forgetOtherServers, startPostgres } from '../../src/supervisor/postgres.ts';
import { isAlive } from '../../src/supervisor/processes.ts';
import { chromiumOptions } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that the tests share; `template` is a migrated and seeded database to copy. */
    postgres: { adminUrl: string; template: string };
    /** The address of the browser that the tests share. */
    browser: string;
    /** `dist` is up to date. */
    built: boolean;
  }
}

const folderPrefix = 'holdfast-test-';

type End = () => Promise<void>;

/** The needs of each project; nothing is prepared twice in one run. */
const needs: Readonly<Record<string, readonly ((project: TestProject) => Promise<End | undefined>)[]>> = {
  system: [printSeed, build, preparePostgres, startBrowser],
  timing: [build],
};

/** Prepares one project. Vitest calls it only for projects of which a file runs. */
// oxlint-disable-next-line import/no-default-export -- vitest calls the default export
export default async function prepare(project: TestProject): Promise<End> {
  const started = await Promise.all((needs[project.name] ?? []).map((one) => one(project)));
  return async () => {
    for (const end of started) await end?.();
  };
}

/** Prints how to repeat the choice of variants (drawn.ts). */
function printSeed({ config }: TestProject): Promise<undefined> {
  console.info(`The variants of this run are drawn by TEST_SEED=${config.env['TEST_SEED']}`);
  return Promise.resolve(undefined);
}

async function build(project: TestProject): Promise<undefined> {
  if (project.getProvidedContext().built) return;
  await promisify(execFile)('npm', ['run', '--silent', 'build']).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`npm run build failed:\n${error.stdout}${error.stderr}`);
    },
  );
  project.vitest.provide('built', true);
}

/** Starts one browser, which serves each test file with contexts of its own. */
async function startBrowser({ vitest }: TestProject): Promise<End> {
  const server = await chromium.launchServer(await chromiumOptions());
  vitest.provide('browser', server.wsEndpoint());
  return () => server.close();
}

/** Starts one Postgres server with a migrated template database: the one of TEST_DATABASE_URL, or an embedded one. */
async function preparePostgres(project: TestProject): Promise<End | undefined> {
  if (project.getProvidedContext().postgres) return undefined;
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
  project.vitest.provide('postgres', { adminUrl: server.url, template });
  return close;
}

async function openServer(): Promise<{ url: string; close: End }> {
  const given = env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, close: () => Promise.resolve() };
  forgetOtherServers();
  await removeLeftovers();
  const dataDir = await mkdtemp(path.join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const server = await startPostgres({
    dataDir,
    settings: {
      max_connections: '600',
      shared_preload_libraries: 'pg_stat_statements',
      // The databases of a run share it: with the usual 5,000, statements that a test counts would be dropped for others.
      'pg_stat_statements.max': '100000',
      // Its data ends with the run, so nothing waits for a disk.
      fsync: 'off',
    },
  });
  return { url: server.url, close: () => remove(server, dataDir) };
}

/** A test run that was killed leaves its server behind: the next one ends it. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const dataDir = path.join(tmpdir(), name);
    // Another run may be removing the same one; the second has nothing left to do.
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
  // The data may be on a disk in memory, which a chaos run mounted.
  await promisify(execFile)('umount', ['-l', server.dataDir]).catch(() => undefined);
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
