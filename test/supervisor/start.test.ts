import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/database/connection.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';
import {
  answers,
  createFixture,
  type Fixture,
  orderOfEnds,
  processesOf,
  removeFixture,
  type Supervisor,
  startSupervisor,
} from './fixture.ts';

// The supervisor as a program: started once, twice, with a port taken, in a private folder.

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function fixture(mode?: number): Promise<Fixture> {
  const created = await createFixture(mode);
  closing.push(() => removeFixture(created));
  return created;
}

function start(at: Fixture, settings?: Readonly<Record<string, string>>): Supervisor {
  const supervisor = startSupervisor(at, settings);
  closing.push(() => stop(supervisor));
  return supervisor;
}

async function stop(supervisor: Supervisor): Promise<number | null> {
  try {
    process.kill(supervisor.pid, 'SIGTERM');
  } catch {
    // It has ended.
  }
  return supervisor.ended();
}

async function occupy(port: number): Promise<void> {
  const server = await new Promise<Server>((resolve) => {
    const listening: Server = createServer().listen(port, '127.0.0.1', () => resolve(listening));
  });
  closing.push(() => new Promise((resolve) => server.close(resolve)));
}

/** Runs knex's command line on the embedded database of a fixture and returns its output. */
async function knex(command: string, { dataDir }: Fixture): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'knex', '--', command], {
    env: { ...process.env, DATA_DIR: dataDir },
  });
  return stdout;
}

/** Runs a program on the embedded database of a fixture, with an input, and returns its output. */
async function run(
  program: 'audit' | 'sql',
  { dataDir }: Fixture,
  ...[argument, input = '']: readonly [argument?: string, input?: string]
): Promise<string> {
  const env = { ...process.env, DATA_DIR: dataDir };
  const file = [`dist/${program}.js`, ...(argument ? [argument] : [])];
  const running = promisify(execFile)(process.execPath, file, { env });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

async function expectSqlRuns(here: Fixture): Promise<void> {
  const ask = "select sku, restock_level from products where sku in ('bell', 'rope') order by sku";
  const level = (sku: string, units: number) =>
    `update products set restock_level = ${units} where sku = '${sku}';`;
  const before = await run('sql', here, ask);
  expect(before).toMatch(/^\{"sku":"bell","restock_level":\d+\}\n$/);
  expect(await run('sql', here, undefined, `${level('bell', 7)} ${ask}`)).toBe(
    '{"sku":"bell","restock_level":7}\n',
  );
  await expect(run('sql', here, `${level('bell', 8)} ${level('bell', -1)}`)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^new row for relation "products" violates check constraint .*\nFailing row.*\n$/,
    ),
  });
  expect(await run('sql', here, ask)).toBe('{"sku":"bell","restock_level":7}\n');
  const many = await run('sql', here, 'select n as units from generate_series(cast(1 as bigint), 2500) as n');
  expect(many.trimEnd().split('\n')).toEqual(
    Array.from({ length: 2500 }, (_, row) => `{"units":${row + 1}}`),
  );
}

test('a start opens the shop, a second start in its folder names the first, and SIGTERM ends all in order', async () => {
  const here = await fixture();
  const first = start(here);
  await first.open();
  expect(await answers(`${here.shopUrl}/readyz`)).toBe(true);
  expect(await answers(`${here.paymentUrl}/healthz`)).toBe(true);
  expect(first.output()).toContain(`http://localhost:${here.port}`);
  expect(await knex('migrate:status', here)).toMatch(/008_unknown_payments\.sql[^]+No Pending/);
  expect(await run('audit', here)).toMatch(/^All \d+ rules are kept\.\n$/);
  await expectSqlRuns(here);
  // Node's warnings are not filtered, so each one that appears needs a decision.
  expect(first.output()).not.toMatch(/Warning: /);

  const second = start(here, { PORT: '1' });
  expect(await second.ended()).toBe(1);
  expect(second.output()).toMatch(
    new RegExp(`process ${first.pid}, since 20.+Z, at http://localhost:${here.port}\\.`),
  );

  const processes = await processesOf(here, first);
  const order = orderOfEnds({ ...processes, supervisor: first.pid });
  expect(await stop(first)).toBe(0);
  expect(await order).toEqual(['shop', 'paymentService', 'postgres', 'supervisor']);
  expect((await readdir(here.dataDir)).toSorted()).toEqual(['postgres', 'secrets.json']);
});

test('a stop in the middle of the start leaves nothing running', { tags: ['slow'] }, async () => {
  const here = await fixture();
  const supervisor = start(here);
  const lock = path.join(here.dataDir, 'postgres/data/postmaster.pid');
  await expect.poll(() => readFile(lock, 'utf8').catch(() => '')).toContain('ready');
  const postgres = Number((await readFile(lock, 'utf8')).split('\n')[0]);
  expect(await stop(supervisor)).toBe(0);
  expect(await orderOfEnds({ postgres })).toEqual(['postgres']);
});

test('two folders at once have a shop each, and a Ctrl-C, as the group gets it and twice under npm, ends one in order', {
  tags: ['slow'],
}, async () => {
  const [one, other] = [await fixture(), await fixture()];
  const first = start(one);
  await first.open();
  const second = start(other, { PAYMENT_SERVICE_PORT: String(one.paymentPort) });
  await second.open();
  expect(second.output()).toContain(`PAYMENT_SERVICE_PORT ${one.paymentPort} is taken`);
  expect(await answers(`${one.shopUrl}/readyz`)).toBe(true);
  expect(await answers(`${other.shopUrl}/readyz`)).toBe(true);

  const processes = await processesOf(one, first);
  const order = orderOfEnds({ ...processes, supervisor: first.pid });
  process.kill(processes.shop, 'SIGINT');
  process.kill(first.pid, 'SIGINT');
  process.kill(first.pid, 'SIGINT');
  expect(await first.ended()).toBe(0);
  expect(await order).toEqual(['shop', 'paymentService', 'postgres', 'supervisor']);

  const checkout = await fetch(`${other.shopUrl}/checkout/k1`, { method: 'POST' });
  expect(checkout.status).toBe(200);
});

test('with PORT taken it names the port and starts nothing', async () => {
  const here = await fixture();
  await occupy(here.port);
  const supervisor = start(here);
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toBe(
    `PORT ${here.port} is taken by another program on 127.0.0.1. Stop that program, or set PORT to another one.\n`,
  );
  expect(await readdir(here.dataDir)).toEqual([]);
});

test('with a payment port taken that PAYMENT_SERVICE_URL promises to shoppers it names the port and ends', async () => {
  const here = await fixture();
  await occupy(here.paymentPort);
  const supervisor = start(here, { PAYMENT_SERVICE_URL: here.paymentUrl });
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toContain(`PAYMENT_SERVICE_PORT ${here.paymentPort} is taken`);
});

test('bad settings, from the environment and from .env, are listed together', async () => {
  const here = await fixture();
  await writeFile(path.join(here.folder, '.env'), 'HOLD_SECONDS=-1\nPORT=99999\n');
  const supervisor = start(here, { WEB_CONCURRENCY: 'many' });
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toContain('HOLD_SECONDS');
  expect(supervisor.output()).toContain('WEB_CONCURRENCY');
  expect(supervisor.output()).not.toContain('PORT');
});

test('a database that does not answer is awaited, with its address and without its password', async () => {
  const here = await fixture();
  const supervisor = start(here, { DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/shop' });
  await waitFor(
    'the reason',
    () => supervisor.output(),
    (text) => text.includes('Waiting for a minute. The database 127.0.0.1:1/shop does not answer'),
  );
  expect(await stop(supervisor), 'a stop does not wait').toBe(0);
  expect(supervisor.output()).not.toContain('secret');
});

test('a database of an unreleased version stops the start with the way out', async () => {
  const { url, drop } = await createEmptyDatabase();
  closing.push(drop);
  const database = connect(url, 1);
  closing.push(() => database.destroy());
  await database.raw("create table knex_migrations as select 1 as id, '001_shop' as name");
  const here = await fixture();
  const supervisor = start(here, { DATABASE_URL: url });
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toMatch(
    /^The database .+ could not be migrated: the database comes from a version before 0\.1\.0.+Then start again\.\n$/,
  );
});

test('a data folder that cannot be used stops the start', async () => {
  const here = await fixture();
  await writeFile(here.dataDir, 'a file');
  const supervisor = start(here);
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toContain('The data folder cannot be used');
});

test.runIf(process.getuid?.() === 0)(
  'root in a private folder gets a database in another one',
  { tags: ['slow'] },
  async () => {
    const here = await fixture(0o700);
    await mkdir(here.dataDir);
    const first = start(here);
    await first.open();
    expect(first.output()).toContain(`(the account "postgres" cannot enter ${here.dataDir}/postgres)`);
    const checkout = await fetch(`${here.shopUrl}/checkout/k1`, { method: 'POST' });
    expect(checkout.status).toBe(200);
    expect(await stop(first)).toBe(0);

    const again = start(here);
    await again.open();
    const orders = (await (await fetch(`${here.shopUrl}/orders`)).json()) as unknown[];
    expect(orders).toHaveLength(1);
  },
);
