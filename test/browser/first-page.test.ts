import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { connectBrowser } from '../support/visit.ts';

// The bytes and requests of the first page, without and with a filled cache.

let shop: TestShop;
let browser: Browser;

beforeAll(async () => {
  browser = await connectBrowser();
  shop = await startTestShop();
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

interface Transfer {
  readonly path: string;
  readonly kind: string;
  /** Headers and compressed body, as they came over the wire; 0 from the browser's own cache. */
  bytes: number;
}

const bytesAtMost = 60 * 1024;
// A server sends ten segments of 1,460 bytes before it waits for the first acknowledgement (RFC 6928).
const bytesOfFirstFlight = 14_000;

/** Opens a page and returns its requests, without the later ones of its scripts. */
async function visit(page: Page, session: CDPSession, address: string): Promise<Transfer[]> {
  const transfers = new Map<string, Transfer>();
  const begun = (event: { requestId: string; type?: string; request: { url: string } }) => {
    if (event.type === 'Fetch' || event.type === 'EventSource') return;
    const { pathname } = new URL(event.request.url);
    // A redirect comes under the same number, and counts as a request of its own.
    const key = `${event.requestId} ${pathname}`;
    transfers.set(key, { path: pathname, kind: event.type ?? '', bytes: 0 });
  };
  const ended = ({ requestId, encodedDataLength }: { requestId: string; encodedDataLength: number }) => {
    const transfer = [...transfers].findLast(([key]) => key.startsWith(`${requestId} `))?.[1];
    if (transfer) transfer.bytes = encodedDataLength;
  };
  session.on('Network.requestWillBeSent', begun);
  session.on('Network.loadingFinished', ended);
  await page.goto(address, { waitUntil: 'load' });
  session.off('Network.requestWillBeSent', begun);
  session.off('Network.loadingFinished', ended);
  return [...transfers.values()];
}

test('the first page takes one round trip, names all its assets, and loads each once', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');

  const first = await visit(page, session, `${shop.shopUrl}/`);
  const [document, ...parts] = first;
  expect(first.filter(({ kind }) => kind === 'Document')).toEqual([document]);
  expect(document?.path).toBe('/');
  expect(document?.bytes).toBeLessThanOrEqual(bytesOfFirstFlight);
  const whole = first.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(whole).toBeLessThan(bytesAtMost);
  expect(parts.length).toBeGreaterThan(10);
  expect(parts.filter(({ bytes }) => bytes === 0)).toEqual([]);

  const html = await (await fetch(`${shop.shopUrl}/`)).text();
  expect(parts.map(({ path }) => path).filter((path) => !html.includes(`"${path}"`))).toEqual([]);

  const again = await visit(page, session, `${shop.shopUrl}/?sort=price`);
  expect(again.filter(({ kind, bytes }) => kind !== 'Document' && bytes > 0)).toEqual([]);
  await context.close();
});

test('the assets of the first page may be cached for ever', async () => {
  const html = await (await fetch(`${shop.shopUrl}/`)).text();
  const paths = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(paths.length).toBeGreaterThan(15);
  for (const path of paths) {
    const { status, headers } = await fetch(shop.shopUrl + path);
    expect([path, status, headers.get('cache-control')]).toEqual([
      path,
      200,
      'public, max-age=31536000, immutable',
    ]);
  }
});
