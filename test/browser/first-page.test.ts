/// <reference lib="dom" />
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { words } from '../../src/storefront/words.ts';
import { fillCatalogue } from '../support/large-catalogue.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { enter } from '../support/shopper-in-browser.ts';
import { connectBrowser } from '../support/visit.ts';

// The bytes and requests of the first page, without and with a filled cache, and its search, with and without script.

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

test('structured data is JSON that breaks no rule of the policy', async () => {
  const { context, page, complaints } = await enter(browser, shop, {});
  for (const [address, count] of [
    ['/', 1],
    ['/products/shackle', 2],
  ] as const) {
    await page.goto(address);
    const data = await page.locator('script[type="application/ld+json"]').allTextContents();
    expect(data.map((text) => (JSON.parse(text) as Record<string, unknown>)['@context'])).toEqual(
      Array.from({ length: count }, () => 'https://schema.org'),
    );
  }
  await context.close();
  expect(complaints).toEqual([]);
});

describe('the search', () => {
  const phone = { width: 390, height: 844 };

  async function inBrowser(
    options: BrowserContextOptions,
    act: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { context, page, complaints } = await enter(browser, shop, options);
    await page.goto('/?q=bronze');
    await act(page);
    await context.close();
    expect(complaints).toEqual([]);
  }

  const names = (page: Page) => page.locator('.product-name').allTextContents();
  const isFocused = (page: Page, label: string) =>
    page.getByLabel(label).evaluate((element) => element === document.activeElement);

  test.each([{}, { viewport: phone }])(
    'applies a choice when it is made, says what it found, and keeps the focus: %j',
    async (options) => {
      await inBrowser(options, async (page) => {
        await page.evaluate(() => Object.assign(document, { isSamePage: true }));
        await page.getByLabel(words.products.order).focus();
        await page.getByLabel(words.products.order).selectOption('price');
        await expect.poll(() => names(page)).toEqual(['Block and Pulley', 'Premium Quality Widget']);
        expect(await isFocused(page, words.products.order)).toBe(true);
        await page.getByText(words.products.filters).press('Enter');
        await page.getByLabel(words.products.to).fill('70');
        await page.getByLabel(words.products.to).press('Tab');
        await page
          .getByRole('status')
          .filter({ hasText: '1 product matches “bronze” with these filters.' })
          .waitFor();
        expect(new URL(page.url()).search).toBe('?q=bronze&sort=price&to=70');
        expect(await page.title()).toContain('1 product matches');
        // The fields stay open, and no page was loaded.
        expect(await page.getByLabel(words.products.to).isVisible()).toBe(true);
        expect(await page.evaluate(() => 'isSamePage' in document)).toBe(true);
        await page.goBack();
        await expect.poll(() => names(page)).toEqual(['Block and Pulley', 'Premium Quality Widget']);
        expect(await page.getByLabel(words.products.order).inputValue()).toBe('price');
        await page.goBack();
        await expect.poll(() => names(page)).toEqual(['Premium Quality Widget', 'Block and Pulley']);
      });
    },
  );

  test('shows the last of two choices, whichever answer comes last', async () => {
    await inBrowser({}, async (page) => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route(/sort=price$/, async (route) => {
        await released;
        await route.continue();
      });
      await page.getByLabel(words.products.order).selectOption('price');
      await page.getByLabel(words.products.order).selectOption('name');
      await expect.poll(() => new URL(page.url()).search).toBe('?q=bronze&sort=name');
      const late = page.waitForResponse(/sort=price$/);
      release();
      await late;
      expect(await names(page)).toEqual(['Block and Pulley', 'Premium Quality Widget']);
      expect(new URL(page.url()).search).toBe('?q=bronze&sort=name');
    });
  });

  test('works by keyboard and without script, and its address shows the same to others', async () => {
    let address = '';
    await inBrowser({ javaScriptEnabled: false }, async (page) => {
      await page.getByLabel(words.products.category).selectOption('Rigging');
      await page.getByText(words.products.filters).press('Enter');
      await page.getByLabel(words.products.inStock).press('Space');
      await page.getByLabel(words.products.search).fill('shackel');
      await page.getByLabel(words.products.search).press('Enter');
      await page.getByText('1 product matches “shackel” with these filters.').waitFor();
      expect(await names(page)).toEqual(['Bow Shackle']);
      address = page.url();
    });
    await inBrowser({}, async (page) => {
      await page.goto(address);
      expect(await names(page)).toEqual(['Bow Shackle']);
      expect(await page.getByLabel(words.products.inStock).isChecked()).toBe(true);
      expect(await page.getByLabel(words.products.category).inputValue()).toBe('Rigging');
    });
  });

  test('leads through the pages of a large catalogue, on a phone too, within the same bytes', async () => {
    await fillCatalogue(shop.database, 60);
    await inBrowser({ viewport: { width: 320, height: 640 } }, async (page) => {
      await page.goto('/');
      for (const here of [2, 3, 4, 5]) {
        await page.getByRole('link', { name: words.products.after }).click();
        await page.getByText(`Page ${here} of 5`).waitFor();
      }
      expect(await page.getByRole('link', { name: words.products.after }).count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    });
    const context = await browser.newContext();
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const [html, ...parts] = await visit(page, session, `${shop.shopUrl}/`);
    expect(html?.bytes).toBeLessThanOrEqual(bytesOfFirstFlight);
    expect(parts.reduce((sum, { bytes }) => sum + bytes, html?.bytes ?? 0)).toBeLessThan(bytesAtMost);
    await context.close();
  });
});
