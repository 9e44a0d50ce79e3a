// @module-tag slow
/// <reference lib="dom" />
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { refundNotes, words } from '../../src/storefront/words.ts';
import { EventReader } from '../support/event-reader.ts';
import { hasFocus } from '../support/keyboard.ts';
import { becomes, control, pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { orderIs } from '../support/shopper-in-browser.ts';
import { connectBrowser } from '../support/visit.ts';
import { waitFor } from '../support/wait.ts';

// The open page of an order: the focus, the notice about late money, and streams that fall silent.

let shop: TestShop;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await connectBrowser();
  shop = await startTestShop({ HOLD_SECONDS: '600', DISPATCH_SECONDS: '2' });
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
});

afterEach(() => page.context().close());

async function openPage(order: TestOrder, query = ''): Promise<void> {
  await page.goto(`${order.order_url}${query}`);
  await page.waitForLoadState('load');
}

test('the focused element disappears when a payment arrives, and the focus moves to the heading', async () => {
  for (const focused of [
    page.getByRole('link', { name: /^Pay \$/ }),
    page.getByRole('button', { name: words.order.cancel }),
  ]) {
    const order = await placeOrder(shop, { sku: 'shackle' });
    await openPage(order);
    await focused.focus();
    await pay(shop, order);
    await orderIs(page, 'dispatched');
    expect(await hasFocus(page.getByRole('heading', { level: 1 }))).toBe(true);
  }
});

test('a cancelled order does not claim that nothing was charged, and shows a later charge', async () => {
  const order = await placeOrder(shop, { sku: 'shackle' });
  await fetch(`${order.order_url}/cancel`, { method: 'POST', redirect: 'manual' });
  await becomes(shop, order, { status: 'cancelled' });
  await openPage(order, '?returned=1');
  await page.getByText(words.order.returnedLate).waitFor();
  const denial = page.getByText(/nothing was charged/i).locator('visible=true');
  expect(await denial.count()).toBe(0);
  await control(shop, order, 'late_payment');
  await orderIs(page, 'refunded');
  await page.getByText(refundNotes.soon).waitFor();
  expect(await denial.count()).toBe(0);
});

test('the page of a dispatched order, opened again by “back”, shows its later refund', async () => {
  const order = await placeOrder(shop, { sku: 'shackle' });
  await openPage(order);
  await pay(shop, order);
  await orderIs(page, 'dispatched');
  await fetch(`${shop.shopUrl}/order/${order.order_id}/refund`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'came broken' }),
  });
  await becomes(shop, order, { status: 'refunded' });
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await orderIs(page, 'refunded');
});

/** Answers this page's streams `times` times with `words` and then silence. */
async function muteStreams(text: string, times: number): Promise<Server> {
  const mute = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\n\n${text}`);
  }).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  let left = times;
  await page.route('**/events', (route) => {
    left -= 1;
    return left < 0 ? route.fallback() : route.continue({ url: `http://127.0.0.1:${port}/` });
  });
  return mute;
}

function end(server: Server): void {
  server.closeAllConnections();
  server.close();
}

test('the page is fetched instead of streamed when a proxy holds back the stream', async () => {
  const mute = await muteStreams('', Number.POSITIVE_INFINITY);
  const order = await placeOrder(shop, { sku: 'shackle' });
  await openPage(order);
  await pay(shop, order);
  await orderIs(page, 'dispatched');
  end(mute);
});

test('the page reopens a stream that misses two heartbeats', async () => {
  const order = await placeOrder(shop, { sku: 'shackle' });
  const reader = await EventReader.open(`${order.order_url}/events`);
  await waitFor('a message', () => reader.events.length, Boolean);
  reader.close();
  const mute = await muteStreams(
    `event: order\ndata: ${reader.events[0]?.data.replaceAll('\n', '\ndata: ')}\n\n`,
    1,
  );
  // No real minute passes: the page's clock is ours.
  await page.clock.install();
  const streams: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/events')) streams.push(request.url());
  });
  await openPage(order);
  await pay(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  await orderIs(page, 'pending');
  let seconds = 0;
  for (; streams.length === 1 && seconds < 60; seconds += 1) await page.clock.runFor(1_000);
  expect(streams).toHaveLength(2);
  // Some pass by themselves.
  expect(seconds).toBeGreaterThan(30);
  await orderIs(page, 'dispatched');
  end(mute);
});
