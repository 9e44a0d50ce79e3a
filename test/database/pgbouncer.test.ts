// @module-tag slow
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isPortFree } from '../../src/supervisor/ports.ts';
import { becomes, placePaidOrder } from '../support/orders.ts';
import { reservePort } from '../support/ports.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The shop behind Debian's PgBouncer. Only `npm run test:all` runs it, because it may have to install the package.

const program = '/usr/sbin/pgbouncer';
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A test database behind a PgBouncer in that mode. */
async function databaseBehind(mode: 'session' | 'transaction'): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const server = new URL(database.url);
  const port = await reservePort();
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-pgbouncer-'));
  await chmod(folder, 0o755);
  const file = path.join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
${database.name} = host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
pool_mode = ${mode}
default_pool_size = 60
unix_socket_dir =
`,
  );
  const pooler = spawn(program, ['-u', 'postgres', '-q', file], { stdio: 'ignore' });
  const ended = once(pooler, 'exit');
  closing.push(async () => {
    pooler.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });
  server.port = String(port);
  await waitFor(
    'PgBouncer to listen',
    () => isPortFree(port, server.hostname),
    (isFree) => !isFree,
  );
  return { ...database, url: server.href };
}

describe('behind PgBouncer', () => {
  beforeAll(async () => {
    const isInstalled = await access(program).then(
      () => true,
      () => false,
    );
    if (!isInstalled) await promisify(execFile)('apt-get', ['install', '-y', 'pgbouncer']);
  });

  test('in session mode the shop sells', async () => {
    const shop = await startTestShop({ DISPATCH_SECONDS: '0.5' }, await databaseBehind('session'));
    closing.push(() => shop.close());
    await becomes(shop, await placePaidOrder(shop), { status: 'dispatched' });
  });

  test('in transaction mode the shop does not start, and says why', async () => {
    const database = await databaseBehind('transaction');
    closing.push(() => database.drop());
    await expect(startTestShop({}, database)).rejects.toThrow(/transaction mode.+pool_mode = session/);
  });
});
