import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../src/database/migrate.ts';
import type { Cleanup } from './cleanup.ts';

/** Addresses of the databases of one run. */
export interface Databases {
  readonly shopUrl: string;
  /** Holds the view of the counters, so that reading them is no work of the shop's database. */
  readonly countersUrl: string;
}

/** Makes the run's own databases on a server and removes them at the end. The shop's is migrated and seeded. */
export async function createDatabases(serverUrl: string, cleanup: Cleanup): Promise<Databases> {
  const mark = randomBytes(4).toString('hex');
  const shopUrl = await createDatabase(serverUrl, `holdfast_bench_${mark}`, cleanup);
  const countersUrl = await createDatabase(serverUrl, `holdfast_bench_${mark}_counters`, cleanup);
  await migrate(shopUrl);
  return { shopUrl, countersUrl };
}

/** Makes an empty database that goes with the cleanup. @returns its address. */
export async function createDatabase(serverUrl: string, name: string, cleanup: Cleanup): Promise<string> {
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

/** A connection of ours, closed at the end. */
export async function openConnection(url: string, cleanup: Cleanup): Promise<pg.Client> {
  const client = new pg.Client(url);
  // The server is stopped under connections that an interrupt left open; whoever queries hears of it anyway.
  client.on('error', () => undefined);
  cleanup.add(() => client.end());
  await client.connect();
  return client;
}
