import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EventReader } from '../support/event-reader.ts';
import { ask, pay, placeOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Clients that send slowly neither keep their connections, nor keep others from buying.

const limits = { headersMs: 3_000, requestMs: 5_000, checkEveryMs: 100 };
const slowClients = 260;
const honestShoppers = 4;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.2' }, undefined, limits);
});

afterAll(() => shop.close());

/** A connection that sends a byte now and then. */
interface SlowClient {
  readonly socket: Socket;
  readonly openedAt: number;
  closedAt: number | undefined;
  received: string;
}

const head = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n`;
const beginnings: readonly (readonly ['shop' | 'payments', string])[] = [
  ['shop', 'GET / HTTP/1.1\r\n'],
  ['shop', head('/checkout/slow')],
  ['shop', `${head('/checkout/slow')}\r\n{"items":[`],
  ['shop', `${head('/cart/lines')}\r\n`],
  ['shop', `${head('/payment_webhook')}\r\n`],
  ['payments', head('/api/submit_payment')],
  ['payments', `${head('/api/submit_payment')}\r\n`],
  ['payments', `${head('/control/events')}\r\n`],
];

function openSlowClient(client: number): SlowClient {
  const [program, beginning] = beginnings[client % beginnings.length] ?? ['shop', ''];
  const url = new URL(program === 'shop' ? shop.shopUrl : shop.paymentUrl);
  const socket = connect(Number(url.port), url.hostname);
  const slow: SlowClient = { socket, openedAt: performance.now(), closedAt: undefined, received: '' };
  socket.setEncoding('utf8');
  socket.on('data', (part: string) => (slow.received += part));
  socket.on('error', () => undefined);
  socket.on('close', () => (slow.closedAt = performance.now()));
  socket.write(beginning);
  return slow;
}

/** Looks around and orders again and again. @returns how often; every request has succeeded */
async function buyWhile(condition: () => boolean): Promise<number> {
  let rounds = 0;
  for (; condition(); rounds += 1) {
    const page = await fetch(shop.shopUrl, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    await page.text();
    expect((await ask(`${shop.shopUrl}/orders`, undefined, { method: 'GET' })).status).toBe(200);
    await placeOrder(shop, { sku: 'thimble' });
  }
  return rounds;
}

test(`of ${slowClients} slow connections each is cut off in time, while every honest request succeeds`, async () => {
  const watched = await placeOrder(shop);
  const stream = await EventReader.open(`${watched.order_url}/events`);
  const slow = Array.from({ length: slowClients }, (_, client) => openSlowClient(client));
  const drip = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write('x');
  }, 500);

  const areSlow = () => slow.some(({ closedAt }) => closedAt === undefined);
  const rounds = await Promise.all(Array.from({ length: honestShoppers }, () => buyWhile(areSlow)));
  clearInterval(drip);
  expect(Math.min(...rounds)).toBeGreaterThan(0);

  const lasted = slow.map(({ openedAt, closedAt = Infinity }) => closedAt - openedAt);
  // On a busy machine the look for such connections is late.
  expect(Math.max(...lasted)).toBeLessThan(limits.requestMs * 4);
  for (const { received } of slow) {
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    expect(received).toContain("content-security-policy: default-src 'self'");
  }

  // It was open all the time.
  expect(stream.ended).toBe(false);
  await pay(shop, watched);
  await waitFor(
    'the end of the stream of the order',
    () => stream.ended,
    (ended) => ended,
  );
  expect(stream.doneSteps).toContain('dispatch');
});
