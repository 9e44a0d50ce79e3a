import { randomBytes } from 'node:crypto';
import { sign } from '@fastify/cookie';
import { checkOut, type PlacedOrder, pay } from '../buyers.ts';
import type { Cleanup } from '../cleanup.ts';
import { inParallel } from '../concurrency.ts';
import { uncounted } from '../counters.ts';
import { queryRow } from '../databases.ts';
import { type Fixture, openFixture } from '../fixture.ts';
import { createHttpClient, withHttpClient } from '../http-client.ts';
import { allDispatched } from '../ledger.ts';
import { cookieSecret, startStore } from '../stores.ts';
import { copyOrders, reserveLowNumbers } from './copy-orders.ts';
import { checkStock } from './pending.ts';
import { addProducts, type Context } from './scenario.ts';

/** A shop with finished orders in its tables, and one connection to it. */
export type Archive = Awaited<ReturnType<typeof openArchive>>;

const products = 8;
// As many as the longest list shows, so that every archive shows equally long lists.
const realOrders = 100;
const knownCopies = 500;

/**
 * Opens a shop, lets it carry out some orders, and adds `size` older copies of these.
 * @returns also a random sample of its finished orders, `known`, and the cookie of a browser that has placed the same
 * number of orders in every archive.
 */
export async function openArchive(size: number, context: Context, cleanup: Cleanup) {
  const fixture = await openFixture(context.serverUrl, cleanup);
  const { sql, options } = fixture;
  await reserveLowNumbers(sql);
  const skus = await addProducts(sql, products, 1_000_000);
  const browserId = randomBytes(16).toString('base64url');
  const placed = await carryOut(fixture, skus);
  const originals = placed.slice(0, products).map(({ orderId, path }, number) => {
    return { orderId, key: keyOf(number), token: path.split('/').at(-1) ?? '', browserId };
  });
  const originalIds = originals.map(({ orderId }) => orderId);
  await sql.query('update orders set browser_id = $1 where order_id = any($2)', [browserId, originalIds]);
  // The shop needs the indexes that copying switches off.
  await fixture.store.kill();
  if (size > 0) await copyOrders(options.databaseUrl, originals, size, cleanup);
  await checkArchive(fixture, size + realOrders);
  const store = await startStore(options, cleanup);
  const client = createHttpClient(store.url, 1);
  cleanup.add(client.close);
  const randomCopies = Array.from({ length: knownCopies }, () => 1 + Math.floor(Math.random() * size));
  const known = await readPaths(fixture, size > 0 ? randomCopies : placed.map(({ orderId }) => orderId));
  const cookie = `browser=${encodeURIComponent(sign(browserId, cookieSecret))}`;
  return { fixture: { ...fixture, store }, client, skus, known, cookie };
}

function keyOf(number: number): string {
  return `original-${number}-of-the-benchmark`;
}

async function carryOut(fixture: Fixture, skus: readonly string[]): Promise<PlacedOrder[]> {
  const placed = await withHttpClient(fixture.store.url, products, (client) =>
    inParallel(realOrders, products, async (number) => {
      const order = await checkOut(client, keyOf(number), skus[number % skus.length] ?? '');
      await pay(client, fixture.provider, order.sessionId);
      return order;
    }),
  );
  await allDispatched(fixture);
  return placed;
}

/** @throws unless the tables hold `size` finished orders with their workflows, and the stock balances. */
async function checkArchive(fixture: Fixture, size: number): Promise<void> {
  const counts = await queryRow<Record<string, number>>(
    fixture.sql,
    `select ${uncounted} (select count(*)::integer from orders where status = 'dispatched') as orders,
       (select count(*)::integer from payments where state = 'settled') as settled,
       (select count(*)::integer from dbos.workflow_status where name = 'checkout' and status = 'SUCCESS') as workflows`,
  );
  if (Object.values(counts).some((count) => count !== size)) {
    throw new Error(`The tables hold ${JSON.stringify(counts)} instead of ${size} finished orders.`);
  }
  await checkStock(fixture);
}

async function readPaths({ sql }: Fixture, orderIds: readonly number[]) {
  const { rows } = await sql.query<{ orderId: number; path: string }>(
    `select ${uncounted} order_id as "orderId", '/orders/' || token as path from orders where order_id = any($1)`,
    [orderIds],
  );
  return rows;
}
