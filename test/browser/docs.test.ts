/// <reference lib="dom" />
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { connectBrowser } from '../support/visit.ts';

// The page of the routes works under the policy of every other page.

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

test('the documentation shows its operations, tries one, and breaks no rule of its policy', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const answer = await page.goto(`${shop.shopUrl}/docs`);
  const policy = answer?.headers()['content-security-policy'];
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toContain('unsafe');

  const operation = page.locator('#operations-shop-listProducts');
  await operation.getByRole('button').first().click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  await operation.getByText('Premium Quality Widget').first().waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
