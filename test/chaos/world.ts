import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../src/database/connection.ts';
import { discountCode } from '../money/buyer.ts';
import { openInspector } from '../support/inspector.ts';
import { MailServer } from '../support/mail-server.ts';
import { reservePort } from '../support/ports.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';
import { RealProcess } from '../support/processes.ts';
import { choosePlaces } from '../support/settings.ts';
import { Host } from './host.ts';
import { Link, type Target } from './link.ts';
import { type Networks, openNetworks } from './network.ts';
import { Servers } from './servers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const permanentHosts = 2;

/** A time in which the processes of a host may not have reached the database, although they lived. */
export interface Interruption {
  readonly host: string;
  readonly from: Date;
  until: Date | undefined;
}

/** Everything that a fault can hit: hosts, their networks, both Postgres servers, and the payment service. */
export interface World {
  /** Two that stay, and a third that joins and leaves. */
  readonly hosts: readonly Host[];
  readonly servers: Servers;
  readonly provider: RealProcess;
  readonly mail: MailServer;
  readonly networks: Networks;
  readonly interruptions: Interruption[];
  /** The folders of two builds; the second has a later version and a migration more. */
  readonly builds: readonly [string, string];
  /** The address of the shop, behind which one of the running hosts answers each connection. */
  readonly shopUrl: string;
  readonly paymentUrl: string;
  /** Rows of the primary as they are, through a link that no fault hits. */
  readonly database: Database;
  close(): Promise<void>;
}

/** Starts the permanent hosts and everything that they need. */
export async function openWorld(options: {
  readonly network: 'namespaces' | 'loopback';
  readonly settings: Readonly<Record<string, string>>;
  /** A number from 0 to 1 that chooses a host for each connection. */
  readonly chance: () => number;
}): Promise<World> {
  const [servers, payments, networks, builds] = await Promise.all([
    Servers.open(),
    createEmptyDatabase(),
    openNetworks(options.network),
    makeBuilds(),
  ]);
  const mail = new MailServer();
  const hosts: Host[] = [];
  const balancer = await Link.open('127.0.0.1', () => choose(hosts, options.chance()));
  const direct = await Link.open('127.0.0.1', () => servers.target);
  const places = await choosePlaces(
    { shop: servers.url, payments: payments.url },
    {
      ...options.settings,
      SMTP_URL: await mail.start(),
      PUBLIC_URL: `http://127.0.0.1:${balancer.port}`,
    },
  );
  const shopUrl = places.shopEnv['PUBLIC_URL'] ?? '';
  const providerPort = Number(new URL(places.paymentUrl).port);
  const first = await networks.addHost();
  // The hosts reach the payment service at addresses of their networks, which it refuses while its own name is of this machine.
  const pages = await Link.open(first.gatewayTo('mail'), () => ({ host: '127.0.0.1', port: providerPort }));
  const provider = new RealProcess('payments', {
    ...places.paymentEnv,
    PAYMENT_SERVICE_URL: `http://${first.gatewayTo('mail')}:${pages.port}`,
    OPERATOR_ACCESS: 'open',
    SHOP_WEBHOOK_URL: `${shopUrl}/payment_webhook`,
  });
  for (let number = 0; number <= permanentHosts; number += 1) {
    const network = number === 0 ? first : await networks.addHost();
    const open = (peer: 'database' | 'provider' | 'mail', target: () => Target): Promise<Link> =>
      Link.open(network.gatewayTo(peer), target);
    const links = {
      database: await open('database', () => servers.target),
      provider: await open('provider', () => ({ host: '127.0.0.1', port: providerPort })),
      mail: await open('mail', () => ({ host: '127.0.0.1', port: mail.port })),
    };
    const port = await reservePort();
    const options = { name: `host-${number}`, network, links, port, env: places.shopEnv };
    hosts.push(new Host(options, builds.folders[0]));
  }
  const through = new URL(servers.url);
  through.port = String(direct.port);
  const database = openInspector(through.href, 4);
  const world: World = {
    hosts,
    servers,
    provider,
    mail,
    networks,
    interruptions: [],
    builds: builds.folders,
    shopUrl,
    paymentUrl: places.paymentUrl,
    database,
    close: async () => {
      await Promise.all(hosts.map((host) => host.close()));
      await provider.stop();
      await database.destroy();
      balancer.close();
      direct.close();
      pages.close();
      await Promise.all([mail.close(), servers.close(), networks.close(), drop(payments), builds.remove()]);
    },
  };
  const permanent = hosts.slice(0, permanentHosts);
  for (const host of permanent) host.start();
  try {
    await Promise.all([provider.ready(), ...permanent.map((host) => host.ready())]);
    await database('discount_codes').insert(discountCode);
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** The hosts that are to run. A balancer without health checks also chooses those that do not answer. */
export function runningHosts({ hosts }: Pick<World, 'hosts'>): Host[] {
  return hosts.filter(({ isUp }) => isUp);
}

function choose(hosts: readonly Host[], chance: number): Target {
  const running = runningHosts({ hosts });
  const host = running[Math.floor(chance * running.length)] ?? hosts[0];
  if (!host) throw new Error('There is no host.');
  return host.target;
}

function drop(database: TestDatabase): Promise<void> {
  return database.drop();
}

/** The build of this repository, and a copy with a later version and a later migration that only adds. */
async function makeBuilds(): Promise<{ folders: readonly [string, string]; remove: () => Promise<void> }> {
  const next = await mkdtemp(path.join(tmpdir(), `holdfast-chaos-${process.pid}-`));
  for (const name of ['dist', 'migrations', 'public'])
    await cp(path.join(root, name), path.join(next, name), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(next, 'node_modules'));
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as object;
  await writeFile(path.join(next, 'package.json'), JSON.stringify({ ...manifest, version: '0.1.1-chaos' }));
  await writeFile(path.join(next, 'migrations/900_chaos.sql'), 'alter table orders add column chaos text;\n');
  return { folders: [root, next], remove: () => rm(next, { recursive: true, force: true }) };
}
