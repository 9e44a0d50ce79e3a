// @module-tag slow
/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { words } from '../../src/storefront/words.ts';
import { MailServer } from '../support/mail-server.ts';
import { ask } from '../support/orders.ts';
import { visitShop } from '../support/visit.ts';

// An operator in a browser without JavaScript; messages go to a mail server.

const email = 'ada@reader.example';
const mail = new MailServer();
const visit = visitShop({
  SMTP_URL: await mail.start(),
  EMAIL_RETRIES: '0',
  DISPATCH_SECONDS: '0.2',
  HOLD_SECONDS: '600',
});
let page: Page;

beforeEach(async () => {
  mail.reset();
  await visit.enter({ javaScriptEnabled: false });
  ({ page } = visit.shopper);
});

afterAll(() => mail.close());

/** Places an order and pays it; its number. */
async function placePaidOrder(): Promise<string> {
  const { body } = await ask(`${visit.shop.shopUrl}/checkout`, {
    items: [{ sku: 'shackle', qty: 1 }],
    email,
  });
  await ask(`${visit.shop.shopUrl}/payment_webhook/${String(body['payment_id'])}/paid`);
  return String(body['order_id']);
}

test('an order is refunded on the operator page, after an invalid amount', async () => {
  const orderId = await placePaidOrder();
  await page.goto(visit.shop.shopUrl);
  await page.getByText(words.demonstration.heading).click();
  await page.getByRole('link', { name: words.demonstration.operator }).click();
  await page.getByText('Nothing needs you.').waitFor();

  await page.getByLabel('Order number').fill(orderId);
  await page.getByLabel('Amount').fill('4.355');
  await page.getByLabel('Reason').fill('came broken');
  await page.getByLabel('Not into stock').check();
  await page.getByRole('button', { name: 'Refund' }).click();
  await page.getByText('Write an amount above zero, such as $12.50.').waitFor();
  expect(await page.getByLabel('Amount').evaluate((field) => field === document.activeElement)).toBe(true);
  expect(await page.getByLabel('Reason').inputValue()).toBe('came broken');

  await page.getByLabel('Amount').fill('4.35');
  await page.getByRole('button', { name: 'Refund' }).click();
  await page.waitForURL(/refund=\d+#refund$/);
  const done = page.getByRole('status').filter({ hasText: `Order ${orderId}: refund` });
  await expect
    .poll(async () => {
      await page.reload();
      return done.textContent();
    })
    .toMatch(/no\. \d+, \$4\.35, was made\.$/);
  await done.getByRole('link').click();
  await page.getByText('$4.35 paid back').first().waitFor();
  await expect.poll(() => mail.received.length, { message: 'a confirmation and a refund' }).toBe(2);
});

test('a failed message is retried on the operator page, and resolved items disappear from it', async () => {
  mail.otherwise = 'unknown';
  await placePaidOrder();
  const failedEmail = page.locator('.attention-item').filter({ hasText: 'A message that was not sent' });
  await expect
    .poll(async () => {
      await page.goto(`${visit.shop.shopUrl}/operator`);
      return failedEmail.count();
    })
    .toBe(1);

  mail.reset();
  await failedEmail.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('status').filter({ hasText: 'It is being tried again.' }).waitFor();
  await page.getByText('Nothing needs you.').waitFor();
  await expect.poll(() => mail.received.length).toBe(1);

  await page.getByRole('button', { name: 'Reconcile now' }).click();
  await page.getByRole('status').filter({ hasText: 'Reconciled.' }).waitFor();
  expect(await page.getByText('Balanced', { exact: true }).count()).toBeGreaterThan(0);
});
