/// <reference lib="dom" />
import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, msToFindChromium } from '../support/chromium.ts';
import { type StartedShop, startAsNpmStartDoes } from '../support/npm-start.ts';

// A shopper in a real browser, on everything that `npm start` runs.

let shop: StartedShop;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await launchChromium();
  shop = await startAsNpmStartDoes({ DISPATCH_SECONDS: '6', HOLD_SECONDS: '60' });
}, msToFindChromium);

afterAll(async () => {
  await browser?.close();
  await shop?.stop();
});

beforeEach(async () => {
  await open({});
});

afterEach(async () => {
  await context.close();
  // A network error is part of some stories; a script error or a blocked resource is part of none.
  expect(complaints.filter((text) => !text.includes('Failed to load resource'))).toEqual([]);
});

async function open(options: { javaScriptEnabled?: boolean }): Promise<void> {
  await context?.close();
  context = await browser.newContext(options);
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
}

async function ordersOfShop(): Promise<{ order_id: number; status: string }[]> {
  const response = await fetch(`${shop.shopUrl}/orders`);
  return response.json() as never;
}

function buy(sku: string): Promise<void> {
  return page.locator(`#${sku} button`).click();
}

describe('a purchase', () => {
  test('goes on by itself from the payment to the dispatch, over a killed shop', async () => {
    await page.goto(shop.shopUrl);
    await buy('cleat');
    await page.waitForURL(/\/pay\//);
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.waitForURL(/\/orders\//);
    await page.locator('.pill.paid').waitFor();
    await page
      .getByText(/[1-9] of 10/)
      .first()
      .waitFor();

    await fetch(`${shop.shopUrl}/crash_application`, { method: 'POST' }).catch(() => undefined);
    const banner = page.locator('#connection');
    await banner.filter({ hasText: 'Nothing is lost' }).waitFor();
    await page.waitForFunction(() => document.getElementById('connection')?.textContent === '');

    await page.locator('.pill.dispatched').waitFor();
    await page.locator('[data-final]').waitFor();
    expect(await page.locator('.timeline li.done').count()).toBeGreaterThanOrEqual(4);
  });

  test('works without JavaScript', async () => {
    await open({ javaScriptEnabled: false });
    await page.goto(shop.shopUrl);
    await buy('thimble');
    await page.waitForURL(/\/pay\//);
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.waitForURL(/\/orders\//);
    // The page refreshes itself.
    await page.locator('.pill.dispatched').waitFor();
  });

  test('shows in the recent orders with its progress', async () => {
    const payment = await (
      await fetch(`${shop.shopUrl}/checkout/${randomUUID()}`, { method: 'POST' })
    ).text();
    await page.goto(shop.shopUrl);
    await page.locator('.orders .pill.pending').first().waitFor();
    await fetch(`${shop.shopUrl}/payment_webhook/${payment}/paid`, { method: 'POST' });
    await page
      .locator('.orders .rope-text')
      .first()
      .filter({ hasText: /[1-9] of 10/ })
      .waitFor();
    await page.locator('.orders li:first-child .pill.dispatched').waitFor();
  });
});

describe('the Buy button makes one order', () => {
  test('of a double click', async () => {
    const before = await ordersOfShop();
    await page.goto(shop.shopUrl);
    await page.locator('#shackle button').dblclick();
    await page.waitForURL(/\/pay\//);
    expect(await ordersOfShop()).toHaveLength(before.length + 1);
  });

  test('when the answer was lost and it is asked again', async () => {
    const before = await ordersOfShop();
    let lost = 0;
    await page.route('**/checkout/*', async (route) => {
      const answer = await route.fetch();
      lost += 1;
      await (lost === 1 ? route.abort('connectionreset') : route.fulfill({ response: answer }));
    });
    await page.goto(shop.shopUrl);
    await buy('shackle');
    await page.waitForURL(/\/pay\//);
    expect(lost).toBe(2);
    expect(await ordersOfShop()).toHaveLength(before.length + 1);
  });

  test('when the page was left before the answer came', async () => {
    const before = await ordersOfShop();
    await page.route('**/checkout/*', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.goto(shop.shopUrl);
    await buy('shackle');
    await page.waitForFunction(() => sessionStorage.length > 0);
    await expect.poll(() => ordersOfShop().then((orders) => orders.length)).toBe(before.length + 1);
    await page.goto(shop.shopUrl);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await buy('shackle');
    await page.waitForURL(/\/pay\//);
    expect(await ordersOfShop()).toHaveLength(before.length + 1);
  });
});

describe('in words', () => {
  test('a declined card keeps the order, and the next one pays', async () => {
    await page.goto(shop.shopUrl);
    await buy('block');
    await page.waitForURL(/\/pay\//);
    await page.getByRole('button', { name: /Declined$/ }).click();
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.getByRole('alert').filter({ hasText: 'declined' }).waitFor();
    await page.getByRole('button', { name: /Approved$/ }).click();
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.waitForURL(/\/orders\//);
    await page.locator('.pill.paid').waitFor();
  });

  test('a cancelled payment says that nothing was charged', async () => {
    await page.goto(shop.shopUrl);
    await buy('block');
    await page.waitForURL(/\/pay\//);
    await page.getByRole('button', { name: /Cancel/ }).click();
    await page.waitForURL(/\/orders\//);
    await page.locator('.pill.cancelled').waitFor();
    await page.getByText('Nothing was charged').waitFor();
  });

  test('sold out in the meantime: said beside the product, and after a restock it can be bought', async () => {
    await page.goto(shop.shopUrl);
    await page.route('**/fragments/**', (route) => route.abort());
    const items = [{ sku: 'bell', qty: 3 }];
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const body = JSON.stringify({ items });
    await fetch(`${shop.shopUrl}/checkout/${randomUUID()}`, { method: 'POST', headers, body });
    await buy('bell');
    await page
      .locator('#bell .refusal')
      .filter({ hasText: /sold out/i })
      .waitFor();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.getByRole('button', { name: /Restock/ }).click();
    await expect.poll(() => page.locator('#bell .stock').textContent()).toContain('100');
    await buy('bell');
    await page.waitForURL(/\/pay\//);
  });
});
