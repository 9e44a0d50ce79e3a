import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../../src/supervisor/postgres.ts';
import { draw } from '../support/drawn.ts';
import { type Fixture, openFixture } from '../support/fixture.ts';
import { openInspector } from '../support/inspector.ts';
import { reservePort } from '../support/ports.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

// The primary crashes, and its address moves to a standby, which is promoted only later. The shop must sell again by itself.

/** An address of Postgres that moves from one server to another. Open connections to the old server stay, or hang. */
class MovingAddress {
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** The newest connection of each name. */
  readonly #byName = new Map<string, Socket>();

  constructor(public target: number) {}

  async open(port: number): Promise<void> {
    this.#server = createServer((client) => {
      const server = connect(this.target, '127.0.0.1');
      client.once('data', (startUp) => {
        const named = /application_name\0([^\0]+)/.exec(startUp.toString('latin1'))?.[1];
        if (named !== undefined) this.#byName.set(named, client);
      });
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    }).listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Loses everything that open connections send from now on, without closing them. */
  hang(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Breaks the newest connection of that name. */
  reset(named: string): void {
    this.#byName.get(named)?.resetAndDestroy();
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const name = 'shop';
const folders: string[] = [];
let primary: RunningPostgres;
let standby: RunningPostgres;
let address: MovingAddress;
let fixture: Fixture;

async function makeFolder(): Promise<string> {
  // The prefix by which the next test run finds and ends the server of a killed run.
  const folder = await mkdtemp(path.join(tmpdir(), `holdfast-test-${process.pid}-`));
  folders.push(folder);
  return folder;
}

/** A server with a migrated database, and a standby that has confirmed every commit before it counts. */
async function startServers(): Promise<void> {
  const [one, other] = [await makeFolder(), await makeFolder()];
  const settings = { wal_keep_size: '256MB' };
  primary = await startPostgres({ dataDir: one, settings });
  const admin = openInspector(primary.url, 1);
  await admin.raw('create database ??', [name]);
  await admin.destroy();
  await migrate(primary.urlOf(name));
  await primary.stop('fast');
  await promisify(execFile)('cp', ['-a', `${one}/.`, other]);
  primary = await startPostgres({ dataDir: one, settings: { ...settings, synchronous_standby_names: '*' } });
  await promisify(execFile)('cp', [
    '-a',
    path.join(other, 'data/PG_VERSION'),
    path.join(other, 'data/standby.signal'),
  ]);
  const { hostname, port, username, password } = new URL(primary.url);
  const primaryAt = `host=${hostname} port=${port} user=${username} password=${password}`;
  standby = await startPostgres({ dataDir: other, settings: { ...settings, primary_conninfo: primaryAt } });
}

beforeAll(async () => {
  await startServers();
  address = new MovingAddress(primary.port);
  const url = new URL(primary.urlOf(name));
  url.port = String(await reservePort());
  await address.open(Number(url.port));
  fixture = await openFixture(
    { HOLD_SECONDS: '600', DISPATCH_SECONDS: '1' },
    { shop: { url: url.href, drop: () => Promise.resolve() }, payments: await createEmptyDatabase() },
  );
});

afterAll(async () => {
  await fixture?.close();
  address?.close();
  await Promise.all([primary, standby].map((server) => server?.stop('immediate')));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** Checks out again and again. */
class Buyer {
  /** The keys of the orders that were acknowledged. */
  readonly acknowledged: string[] = [];
  lastSaleAt = performance.now();
  #leaving = false;
  readonly #done: Promise<void>;

  constructor(readonly shopUrl: string) {
    this.#done = this.#buy();
  }

  leave(): Promise<void> {
    this.#leaving = true;
    return this.#done;
  }

  async #buy(): Promise<void> {
    while (!this.#leaving) {
      const key = randomUUID();
      const status = await fetch(`${this.shopUrl}/checkout/${key}`, { method: 'POST', headers: asJson }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200 || status === 201) {
        this.acknowledged.push(key);
        this.lastSaleAt = performance.now();
      }
      await pause(betweenMs);
    }
  }
}

const asJson = { accept: 'application/json' };
const betweenMs = 200;

async function readiness(): Promise<unknown> {
  const answer = await fetch(`${fixture.shopUrl}/readyz`);
  return answer.ok ? 'ready' : ((await answer.json()) as { cause: unknown }).cause;
}

function untilSold({ acknowledged }: Buyer, orders: number): Promise<unknown> {
  return waitFor(
    `${orders} sales`,
    () => acknowledged.length,
    (sales) => sales >= orders,
  );
}

function untilReadiness(expected: string): Promise<unknown> {
  return waitFor(`the readiness ${expected}`, readiness, (now) => now === expected);
}

/** Pays for the newest order, and waits for its dispatch: the engine takes it from a queue over a connection of its own. */
async function dispatchNewest(server: RunningPostgres): Promise<void> {
  // Not through the address, at which a connection may hang.
  const rows = openInspector(server.urlOf(name), 1);
  const newest = await rows('payments')
    .where('state', 'open')
    .orderBy('order_id', 'desc')
    .first<{ order_id: number; session_id: string }>('order_id', 'session_id');
  await waitFor(
    'the payment',
    () => fetch(`${fixture.shopUrl}/payment_webhook/${newest.session_id}/paid`, { method: 'POST' }),
    ({ ok }) => ok,
  );
  await waitFor(
    'the dispatch',
    () => rows('orders').where('order_id', newest.order_id).first<{ status: string }>('status'),
    ({ status }) => status === 'dispatched',
  );
  await rows.destroy();
}

const hangs = [
  ['the open connections', () => address.hang()],
  [
    'the connection of the heartbeat breaks, and the others',
    () => {
      address.hang();
      address.reset('heartbeat');
    },
  ],
] as const;

test.each(draw(hangs, 1))(
  '%s hang without an error: the shop replaces them, sells again and goes on with its work',
  async (_which, hang) => {
    const buyer = new Buyer(fixture.shopUrl);
    await untilSold(buyer, 3);
    hang();
    const hungAt = performance.now();
    await untilSold(buyer, buyer.acknowledged.length + 1);
    // Without a limit the operating system repeats what it sent for a quarter of an hour.
    expect((buyer.lastSaleAt - hungAt) / 1000).toBeLessThan(30);
    await untilReadiness('ready');
    await buyer.leave();
    await dispatchNewest(primary);
    expect(fixture.processes.shop.deaths).toEqual([]);
  },
);

test('the primary crashes and a standby is promoted: the shop sells again by itself, and has every acknowledged order', {
  tags: ['slow'],
}, async () => {
  const buyer = new Buyer(fixture.shopUrl);
  await untilSold(buyer, 3);

  // The address leads to the standby before it accepts writes.
  await primary.stop('immediate');
  const crashedAt = performance.now();
  address.target = standby.port;
  await untilReadiness('database_read_only');
  const before = buyer.acknowledged.length;

  const admin = openInspector(standby.url, 1);
  await admin.raw('select pg_promote()');
  await admin.destroy();
  const promotedAt = performance.now();
  await untilSold(buyer, before + 1);
  const seconds = (since: number) => ((buyer.lastSaleAt - since) / 1000).toFixed(1);
  console.info(
    `Sold again ${seconds(promotedAt)} s after the promotion, ${seconds(crashedAt)} s after the crash.`,
  );
  await untilReadiness('ready');
  await buyer.leave();

  const orders = await fixture.database('orders').pluck('checkout_key');
  expect(orders).toEqual(expect.arrayContaining(buyer.acknowledged));
  await dispatchNewest(standby);
  expect(fixture.processes.shop.deaths).toEqual([]);
});
