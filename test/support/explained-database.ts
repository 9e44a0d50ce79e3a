import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type Database } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../../src/supervisor/postgres.ts';
import { fillWithFinishedOrders } from './finished-orders.ts';
import type { PlanNode } from './plans.ts';
import type { TestDatabase } from './postgres.ts';
import { waitFor } from './wait.ts';

/** A statement that was run, and how. */
export interface RunStatement {
  readonly text: string;
  readonly plan: PlanNode;
}

/** A database that writes down how it runs every statement, those inside of its functions too. */
export interface ExplainedDatabase extends TestDatabase {
  /** Every statement that was run until now, but for those of the test itself. */
  statements(): Promise<RunStatement[]>;
  /** The tables that the orders have filled. */
  grownTables(): Promise<string[]>;
}

// A separate server, whose data is disposable: it runs without fsync and full-page writes.
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '8GB',
  shared_buffers: '512MB',
  // The statistics are those after the filling: the few rows of a test do not change them.
  autovacuum: 'off',
  shared_preload_libraries: 'auto_explain',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_parameter_max_length': '0',
  logging_collector: 'on',
  log_destination: 'jsonlog',
  log_rotation_age: '0',
  log_rotation_size: '0',
};

/** Makes a database with as many finished orders, on a server of its own that ends with it. */
export async function createExplainedDatabase(orders: number): Promise<ExplainedDatabase> {
  // Named so that the next run removes the remains of a killed run.
  const folder = await mkdtemp(path.join(tmpdir(), `holdfast-test-${process.pid}-`));
  const server = await startPostgres({ dataDir: folder, settings });
  const admin = connect(server.url, 1);
  const name = 'shop';
  const url = server.urlOf(name);
  const drop = async (): Promise<void> => {
    await admin.destroy();
    await remove(server, folder);
  };
  try {
    // With the order of a language, as most servers have it, and not of bytes: then only an equal text is found by an index.
    await admin.raw(`create database ${name} template template0 locale_provider icu icu_locale 'en-US'`);
    await migrate(url);
    await fillWithFinishedOrders(url, orders);
    await admin.raw(`alter database ${name} set auto_explain.log_min_duration = 0`);
  } catch (error) {
    await drop();
    throw error;
  }
  return {
    name,
    url,
    drop,
    statements: () => readStatements(admin, url),
    grownTables: () => listGrownTables(url),
  };
}

// Fewer rows than this are of tables that the catalogue fills, or the engine's own settings.
const rowsOfGrown = 5_000;

async function listGrownTables(url: string): Promise<string[]> {
  const database = connect(url, 1);
  const { rows } = await database.raw<{ rows: { name: string }[] }>(
    `select relname as name from pg_class
     where relkind = 'r' and reltuples > :rows and relnamespace <> cast('pg_catalog' as regnamespace)`,
    { rows: rowsOfGrown },
  );
  await database.destroy();
  return rows.map(({ name }) => name);
}

async function remove(server: RunningPostgres, folder: string): Promise<void> {
  await server.stop('immediate');
  await rm(server.dataDir, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

async function readStatements(admin: Database, url: string): Promise<RunStatement[]> {
  const mark = await makeMark(url);
  const log = await waitFor(
    'the log to be written',
    () => readLog(admin),
    (text) => text.includes(mark),
  );
  return log.split('\n').flatMap(readEntry);
}

/** Runs a unique statement that marks the end of the preceding log. */
async function makeMark(url: string): Promise<string> {
  const mark = `mark ${Date.now()}`;
  const database = connect(url, 1);
  await database.raw(`select '${mark}'`);
  await database.destroy();
  return mark;
}

async function readLog(admin: Database): Promise<string> {
  const { rows } = await admin.raw<{ rows: { log: string }[] }>(
    `select pg_read_file(pg_current_logfile('jsonlog')) as log`,
  );
  return rows[0]?.log ?? '';
}

function readEntry(line: string): RunStatement[] {
  if (!line.includes('plan:')) return [];
  const { message, application_name: who } = JSON.parse(line) as {
    message: string;
    application_name?: string;
  };
  if (who === 'test') return [];
  const explained = JSON.parse(message.slice(message.indexOf('{'))) as {
    readonly 'Query Text': string;
    readonly Plan: PlanNode;
  };
  return [{ text: explained['Query Text'].replaceAll(/\s+/g, ' ').trim(), plan: explained.Plan }];
}
