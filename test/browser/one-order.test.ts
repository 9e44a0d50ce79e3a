/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { words } from '../../src/storefront/words.ts';
import { countOrders } from '../support/demonstration.ts';
import {
  addToCart,
  atPayment,
  cartHolds,
  goToReview,
  order,
  orderButton,
  orderIs,
  orderThing,
  pay,
  toPayment,
} from '../support/shopper-in-browser.ts';
import { scripting, visitShop } from '../support/visit.ts';

// However often a shopper presses, reloads, goes back or looks from another tab: one order, one charge.

const visit = visitShop({ DISPATCH_SECONDS: '0.5', HOLD_SECONDS: '600' });
let before: Awaited<ReturnType<typeof countOrders>>;

beforeEach(async () => {
  before = await countOrders(visit.shop);
});

async function toReview(page: Page, product: string): Promise<void> {
  await addToCart(page, product);
  await goToReview(page);
  await page.getByLabel(words.checkout.email).fill('ada@reader.example');
}

/** Since the test began. */
async function expectNew(orders: number, charges: number): Promise<void> {
  expect(await countOrders(visit.shop)).toEqual({
    orders: before.orders + orders,
    charges: before.charges + charges,
  });
}

/** Lets the first order reach the shop, and nothing come back; the keys that were sent. */
async function loseFirstAnswer(page: Page): Promise<string[]> {
  const keys: string[] = [];
  await page.route('**/cart/checkout', async (route) => {
    const request = route.request();
    if (request.method() !== 'POST') return route.fallback();
    keys.push(new URLSearchParams(request.postData() ?? '').get('key') ?? '');
    if (keys.length > 1) return route.fallback();
    await route.fetch({ maxRedirects: 0 });
    await route.abort('connectionreset');
  });
  return keys;
}

describe.each(scripting)('with JavaScript: %s', (javaScriptEnabled) => {
  beforeEach(() => visit.enter({ javaScriptEnabled }));

  test('a double click places one order', async () => {
    const { page } = visit.shopper;
    await toReview(page, 'Bow Shackle');
    await orderButton(page).dblclick();
    await toPayment(page);
    await expectNew(1, 0);
  });
});

test('an answer that was lost is asked for again by the script, with the same key', {
  tags: ['slow'],
}, async () => {
  const { page } = visit.shopper;
  const keys = await loseFirstAnswer(page);
  await toReview(page, 'Bow Shackle');
  await orderButton(page).click();
  await atPayment(page);
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0]);
  await expectNew(1, 0);
});

test('without JavaScript, a lost answer is asked for again by loading the page again', {
  tags: ['slow'],
}, async () => {
  await visit.enter({ javaScriptEnabled: false });
  const { page } = visit.shopper;
  const keys = await loseFirstAnswer(page);
  await toReview(page, 'Bow Shackle');
  await orderButton(page).click();
  await page.waitForURL(/^chrome-error:/);
  await page.reload();
  await atPayment(page);
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0]);
  await expectNew(1, 0);
});

test('reloaded while the order is on its way, the review gives way to the order', {
  tags: ['slow'],
}, async () => {
  const { page } = visit.shopper;
  await toReview(page, 'Bow Shackle');
  await page.route('**/cart/checkout', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    await route.fetch({ maxRedirects: 0 });
    // And the answer never comes.
  });
  await orderButton(page).click();
  await expect.poll(() => countOrders(visit.shop)).toMatchObject({ orders: before.orders + 1 });
  await page.reload();
  await page.getByRole('link', { name: 'Pay $18.90' }).click();
  await atPayment(page);
  await expectNew(1, 0);
});

describe('after paying', () => {
  test('back: the payment page shows that it is paid, and the cart is empty', {
    tags: ['slow'],
  }, async () => {
    const { page } = visit.shopper;
    await orderThing(page, 'Bow Shackle');
    await pay(page);
    await orderIs(page, 'dispatched');
    await page.goBack();
    await page.getByText('You were charged once').waitFor();
    expect(await page.getByRole('button', { name: /^Pay/ }).count()).toBe(0);
    await page.goBack();
    await page.getByText(words.cart.none).waitFor();
    await cartHolds(page, 0);
    await expectNew(1, 1);
  });

  test.each(scripting)(
    'a review and a payment page that were left open lead to the paid order; JavaScript: %s',
    { tags: ['slow'] },
    async (javaScriptEnabled) => {
      await visit.enter({ javaScriptEnabled });
      const { page, context } = visit.shopper;
      await toReview(page, 'Bow Shackle');
      const other = await context.newPage();
      await goToReview(other);
      await order(other, 'ada@reader.example');
      const payment = await context.newPage();
      await payment.goto(other.url());
      await pay(other);
      await orderIs(other, 'dispatched');

      await orderButton(page).click();
      await orderIs(page, 'dispatched');
      await pay(payment);
      await orderIs(payment, 'dispatched');
      expect(new URL(page.url()).pathname).toBe(new URL(other.url()).pathname);
      await expectNew(1, 1);
    },
  );
});

test('back from the payment page, the order’s own page replaces the review', { tags: ['slow'] }, async () => {
  const { page } = visit.shopper;
  await orderThing(page, 'Bow Shackle');
  await page.goBack();
  await page.getByRole('link', { name: 'Pay $18.90' }).click();
  await atPayment(page);
  await expectNew(1, 0);
});

describe('two tabs with one cart', () => {
  test('changed in one, the other shows the new content and orders it', { tags: ['slow'] }, async () => {
    const { page, context } = visit.shopper;
    await toReview(page, 'Bow Shackle');
    const other = await context.newPage();
    await addToCart(other, 'Rope Thimble', 2);
    await orderButton(page).click();
    await page.getByRole('alert').filter({ hasText: words.checkout.cartChanged }).waitFor();
    await page.getByText('2 × $4.50').waitFor();
    await page.locator('.choice .total').getByText('$27.90').first().waitFor();
    expect(await page.getByLabel(words.checkout.email).inputValue()).toBe('ada@reader.example');
    await expectNew(0, 0);
    await orderButton(page).click();
    await atPayment(page);
    await page.getByRole('heading', { name: 'Pay $27.90' }).waitFor();
    await expectNew(1, 0);
  });

  test('ordered in both, it is one order, and paid in both, one charge', { tags: ['slow'] }, async () => {
    const { page, context } = visit.shopper;
    await toReview(page, 'Bow Shackle');
    const other = await context.newPage();
    await other.goto('/cart/checkout');
    await other.getByLabel(words.checkout.email).fill('ada@reader.example');
    await Promise.all([orderButton(page).click(), orderButton(other).click()]);
    await Promise.all([toPayment(page), toPayment(other)]);
    expect(other.url()).toBe(page.url());
    await Promise.all([pay(page), pay(other)]);
    await Promise.all([orderIs(page, 'dispatched'), orderIs(other, 'dispatched')]);
    expect(other.url()).toBe(page.url());
    await expectNew(1, 1);
    await other.goto('/cart');
    await cartHolds(other, 0);
  });

  test('emptied in one, the other shows a message and orders nothing', { tags: ['slow'] }, async () => {
    const { page, context } = visit.shopper;
    await toReview(page, 'Bow Shackle');
    const other = await context.newPage();
    await other.goto('/cart');
    await other.getByRole('button', { name: words.cart.remove }).click();
    await other.getByText(words.cart.none).waitFor();
    await orderButton(page).click();
    await page.getByText(words.cart.none).waitFor();
    await expectNew(0, 0);
  });
});
