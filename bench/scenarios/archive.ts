import { randomBytes } from 'node:crypto';
import { sign } from '@fastify/cookie';
import { allDispatched } from '../books.ts';
import { checkOut, type PlacedOrder, pay } from '../buyers.ts';
import type { Cleanup } from '../cleanup.ts';
import { ours } from '../counters.ts';
import { createHttpClient, type HttpClient } from '../http-client.ts';
import { cookieSecret, startShop } from '../shop.ts';
import { fillHistory, leaveRoomBelow } from './fill-history.ts';
import { checkStock } from './pending.ts';
import { addProducts } from './products.ts';
import type { World } from './scenario.ts';
import { type Stage, setStage } from './stage.ts';
import { together } from './together.ts';

/** A shop with so many finished orders in its tables, and one connection to it. */
export interface Archive {
  readonly size: number;
  readonly stage: Stage;
  readonly client: HttpClient;
  readonly skus: readonly string[];
  /** Some of its finished orders, from anywhere in its history. */
  readonly known: readonly { readonly orderId: number; readonly path: string }[];
  /** The cookie of a browser that has placed as many orders in every archive. */
  readonly cookie: string;
}

const products = 8;
// As many as the longest list shows, so that every archive has as much to show.
const realOrders = 100;
const knownCopies = 500;

/** Opens a shop, lets it carry out some orders, and puts copies of these behind them. */
export async function openArchive(size: number, world: World, cleanup: Cleanup): Promise<Archive> {
  const stage = await setStage(world, cleanup);
  await leaveRoomBelow(stage.sql);
  const skus = await addProducts(stage.sql, products, 1_000_000);
  const browserId = randomBytes(16).toString('base64url');
  const placed = await carryOut(stage, skus);
  const originals = placed.slice(0, products).map(({ orderId, path }, number) => {
    return { orderId, key: keyOf(number), token: path.split('/').at(-1) ?? '', browserId };
  });
  await stage.sql.query('update orders set browser_id = $1 where order_id = any($2)', [
    browserId,
    originals.map(({ orderId }) => orderId),
  ]);
  // It would miss the indexes while they are away.
  await stage.shop.kill();
  if (size > 0) await fillHistory(stage.places.databaseUrl, originals, size, cleanup);
  await checkArchive(stage, size + realOrders);
  const shop = await startShop(stage.places, cleanup);
  const client = createHttpClient(shop.url, 1);
  cleanup.add(client.close);
  const anyOfCopies = Array.from({ length: knownCopies }, () => 1 + Math.floor(Math.random() * size));
  const known = await listKnown(stage, size > 0 ? anyOfCopies : placed.map(({ orderId }) => orderId));
  const cookie = `browser=${encodeURIComponent(sign(browserId, cookieSecret))}`;
  return { size, stage: { ...stage, shop }, client, skus, known, cookie };
}

function keyOf(number: number): string {
  return `original-${number}-of-the-benchmark`;
}

async function carryOut(stage: Stage, skus: readonly string[]): Promise<PlacedOrder[]> {
  const client = createHttpClient(stage.shop.url, products);
  try {
    const placed = await together(realOrders, products, async (number) => {
      const order = await checkOut(client, keyOf(number), skus[number % skus.length] ?? '');
      await pay(client, stage.provider, order.sessionId);
      return order;
    });
    await allDispatched(stage.sql);
    return placed;
  } finally {
    client.close();
  }
}

/** @throws when the tables do not hold so many finished orders, each with its workflows, or the stock does not add up. */
async function checkArchive(stage: Stage, size: number): Promise<void> {
  const { rows } = await stage.sql.query<{ orders: number; settled: number; workflows: number }>(
    `select ${ours} (select count(*)::integer from orders where status = 'dispatched') as orders,
       (select count(*)::integer from payments where state = 'settled') as settled,
       (select count(*)::integer from dbos.workflow_status where name = 'checkout' and status = 'SUCCESS') as workflows`,
  );
  const counts = Object.values(rows[0] ?? {});
  if (!counts.every((count) => count === size)) {
    throw new Error(`The tables hold ${JSON.stringify(rows[0])} instead of ${size} finished orders.`);
  }
  await checkStock(stage);
}

async function listKnown(stage: Stage, orderIds: readonly number[]): Promise<Archive['known']> {
  const { rows } = await stage.sql.query<{ orderId: number; path: string }>(
    `select ${ours} order_id as "orderId", '/orders/' || token as path from orders where order_id = any($1)`,
    [orderIds],
  );
  return rows;
}
