import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, msToFindChromium } from '../support/chromium.ts';
import { type StartedShop, startAsNpmStartDoes } from '../support/npm-start.ts';

let shop: StartedShop;
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
  shop = await startAsNpmStartDoes({ HOLD_SECONDS: '4' });
}, msToFindChromium);

afterAll(async () => {
  await browser?.close();
  await shop?.stop();
});

test('a hold that ends while the page is open is said in words, and the units are back', async () => {
  const headers = { accept: 'application/json' };
  const answer = await fetch(`${shop.shopUrl}/checkout/slow`, { method: 'POST', headers });
  const { order_url: orderUrl } = (await answer.json()) as { order_url: string };
  const page = await browser.newPage();
  await page.goto(orderUrl);
  await page.getByText('Held for you until').waitFor();
  await page.getByText('The hold ended').waitFor();
  await page.getByText('Nothing was charged').waitFor();
  const product = (await (await fetch(`${shop.shopUrl}/product`)).json()) as { inventory: number };
  expect(product.inventory).toBe(100);
});
