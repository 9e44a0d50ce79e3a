import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { type RunningPostgres, startPostgres } from '../src/supervisor/postgres.ts';
import { isAlive } from '../src/supervisor/processes.ts';
import type { Cleanup } from './cleanup.ts';

const folderPrefix = 'holdfast-bench-';

// Acknowledged work must be on the disk. Otherwise the figures do not describe a shop in production.
const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_preload_libraries: 'pg_stat_statements',
  max_connections: '200',
};

/** @returns the address of the Postgres to measure on: the given one, or an embedded one that ends with the run. */
export async function openPostgres(given: string | undefined, cleanup: Cleanup): Promise<string> {
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

/** Ends the servers of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const dataDir = path.join(tmpdir(), name);
    // Starting takes over a running server. Ignore a failure: another run may be removing the same server.
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

/** Creates an empty database that the cleanup drops. @returns its address. */
export async function createDatabase(serverUrl: string, cleanup: Cleanup): Promise<string> {
  const name = `holdfast_bench_${randomBytes(4).toString('hex')}`;
  cleanup.add(() => onServer(serverUrl, `drop database if exists ${name} with (force)`));
  await onServer(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  return url.href;
}

async function onServer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client(serverUrl);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** @returns the only row of a query. @throws when there is none. */
export async function queryRow<Row extends pg.QueryResultRow>(
  connection: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row> {
  const { rows } = await connection.query<Row>(text, [...values]);
  if (!rows[0]) throw new Error(`No row: ${text}`);
  return rows[0];
}

/** Opens a connection that the cleanup closes. */
export async function openConnection(url: string, cleanup: Cleanup): Promise<pg.Client> {
  const client = new pg.Client(url);
  // An interrupt stops the server under open connections. The next query reports it.
  client.on('error', () => undefined);
  cleanup.add(() => client.end());
  await client.connect();
  return client;
}
