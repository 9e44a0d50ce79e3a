import type { Database } from '../../src/database/connection.ts';
import { openInspector } from '../support/inspector.ts';
import type { OpenShop } from '../support/orders.ts';
import { reservePort } from '../support/ports.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/postgres.ts';
import { RealProcess } from '../support/processes.ts';
import { choosePlaces } from '../support/settings.ts';

/** One of several hosts: a shop process with a port of its own. */
export interface Host extends OpenShop {
  readonly process: RealProcess;
}

/** Hosts that share a database and a payment service. Events of the payment service go to the last host. */
export interface Hosts {
  readonly database: Database;
  readonly hosts: readonly Host[];
  close(): Promise<void>;
}

/** Starts `count` hosts and the payment service, and waits until all answer. All hosts have the same label. */
export async function openHosts(count: number, settings: Readonly<Record<string, string>>): Promise<Hosts> {
  const databases = [await createTestDatabase(), await createEmptyDatabase()] as const;
  const [shop, payments] = databases;
  const places = await choosePlaces({ shop: shop.url, payments: payments.url }, settings);
  const database = openInspector(shop.url, 2);
  const hosts: Host[] = [];
  for (let number = 0; number < count; number += 1) {
    const port = String(await reservePort());
    const shopUrl = `http://127.0.0.1:${port}`;
    const process = new RealProcess('shop', { ...places.shopEnv, PORT: port, PUBLIC_URL: shopUrl });
    hosts.push({ shopUrl, paymentUrl: places.paymentUrl, database, process });
  }
  const service = new RealProcess('payments', {
    ...places.paymentEnv,
    SHOP_WEBHOOK_URL: `${hosts.at(-1)?.shopUrl}/payment_webhook`,
  });
  await Promise.all([...hosts.map((host) => host.process.ready()), service.ready()]);
  return {
    database,
    hosts,
    close: async () => {
      await Promise.all([...hosts.map((host) => host.process.stop()), service.stop()]);
      await database.destroy();
      await Promise.all(databases.map((one) => one.drop()));
    },
  };
}
