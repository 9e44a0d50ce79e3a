import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';
import type pg from 'pg';

/** Everything that a figure depends on and that is not the shop. */
export interface Surroundings {
  readonly date: string;
  /** Short hash of the commit, or `unknown` outside a repository. */
  readonly commit: string;
  readonly uncommitted_changes: boolean;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory_bytes: number };
  readonly node: string;
  readonly postgres: Readonly<Record<(typeof postgresSettings)[number], string>>;
}

const postgresSettings = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'shared_buffers',
  'max_connections',
] as const;

export async function describeSurroundings(connection: pg.Client): Promise<Surroundings> {
  const changes = await git(['--no-optional-locks', 'status', '--porcelain']);
  return {
    date: new Date().toISOString(),
    commit: (await git(['rev-parse', '--short', 'HEAD'])) ?? 'unknown',
    uncommitted_changes: changes !== undefined && changes !== '',
    machine: {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memory_bytes: os.totalmem(),
    },
    node: process.version,
    postgres: await readSettings(connection),
  };
}

async function readSettings(connection: pg.Client): Promise<Surroundings['postgres']> {
  const { rows } = await connection.query<{ settings: Surroundings['postgres'] }>(
    'select json_object_agg(name, current_setting(name)) as settings from unnest($1::text[]) as name',
    [postgresSettings],
  );
  if (!rows[0]) throw new Error('Postgres did not tell its settings.');
  return rows[0].settings;
}

function git(args: readonly string[]): Promise<string | undefined> {
  const cwd = new URL('.', import.meta.url);
  return promisify(execFile)('git', [...args], { cwd }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
