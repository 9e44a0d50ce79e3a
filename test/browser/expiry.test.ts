// @module-tag slow
/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { holdPromise, words } from '../../src/storefront/words.ts';
import { countOrders } from '../support/demonstration.ts';
import {
  addToCart,
  atPayment,
  cartHolds,
  goToReview,
  mark,
  order,
  orderButton,
  orderIs,
  orderThing,
  timelineOf,
} from '../support/shopper-in-browser.ts';
import { visitShop } from '../support/visit.ts';

// The order is not paid, and its hold ends while pages are open.

// Long enough for a busy machine to open several pages in it.
const holdSeconds = 12;
const email = 'ada@reader.example';
const visit = visitShop({ HOLD_SECONDS: String(holdSeconds) });

async function unitsLeft(sku: string): Promise<number | undefined> {
  const products = await fetch(`${visit.shop.shopUrl}/products`);
  const all = (await products.json()) as { sku: string; inventory: number }[];
  return all.find((product) => product.sku === sku)?.inventory;
}

const cancelledTimeline = [words.steps.placed, 'Cancelled: no payment in time'];

describe.each([
  { javaScriptEnabled: true, product: 'Bow Shackle', sku: 'shackle', price: '$18.90', total: '$37.80' },
  { javaScriptEnabled: false, product: 'Marlinspike', sku: 'marlinspike', price: '$32.00', total: '$64.00' },
])('with JavaScript: $javaScriptEnabled', ({ javaScriptEnabled, product, sku, price, total }) => {
  test('the page of an order shows that its hold ended, and links to the same cart', async () => {
    await visit.enter({ javaScriptEnabled });
    const { page } = visit.shopper;
    const before = await unitsLeft(sku);
    await addToCart(page, product, 2);
    await goToReview(page);
    await page.getByText(holdPromise(holdSeconds)).waitFor();
    await order(page, email);
    await page.goto('/your-orders');
    await page.getByRole('link', { name: /^Order \d+$/ }).click();
    await page.getByText('Held for you until').waitFor();
    await page.getByText(words.order.heldAfter).waitFor();

    await orderIs(page, 'cancelled');
    await page.getByText(/^The hold ended at \d\d:\d\d( UTC)? before a payment arrived/).waitFor();
    await page.getByText('Nothing was charged').waitFor();
    expect(await timelineOf(page)).toEqual(cancelledTimeline);
    expect(await unitsLeft(sku)).toBe(before);

    await page.getByRole('link', { name: words.order.backToCart }).click();
    await cartHolds(page, 2);
    await goToReview(page);
    await page.getByText(`2 × ${price}`).waitFor();
    expect(await page.getByLabel(words.checkout.email).inputValue()).toBe(email);
    await orderButton(page).click();
    await atPayment(page);
    await page.getByRole('heading', { name: `Pay ${total}` }).waitFor();
  });
});

/** Notes each number of seconds that the countdown shows from now on. */
async function noteCountdown(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const seconds: number[] = [];
    const note = (): void => {
      const [, left] = /^0:(\d\d) left$/.exec(document.getElementById('countdown')?.textContent ?? '') ?? [];
      if (left !== undefined && Number(left) !== seconds.at(-1)) seconds.push(Number(left));
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { seconds });
  });
  return () => page.evaluate(() => (window as unknown as { seconds: number[] }).seconds);
}

test('the countdown of an open page goes to its end, and the page moves on without being loaded anew', async () => {
  await visit.enter({});
  const { page, context } = visit.shopper;
  await orderThing(page, 'Bow Shackle');
  const tab = await context.newPage();
  await tab.goto('/your-orders');
  await tab.getByRole('link', { name: /^Order \d+$/ }).click();
  await tab.getByText('Held for you until').waitFor();
  const isSamePage = await mark(tab);
  const shown = await noteCountdown(tab);
  await orderIs(tab, 'cancelled');
  const seconds = await shown();
  expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
  expect(seconds.length).toBeGreaterThan(2);
  expect(seconds.at(-1)).toBeLessThan(3);
  await tab.getByRole('link', { name: words.order.backToCart }).waitFor();
  expect(await timelineOf(tab)).toEqual(cancelledTimeline);
  expect(await isSamePage()).toBe(true);
  // The payment page beside it has noticed by itself as well.
  await page.getByText('This payment has ended').waitFor();
});

test('pages of the cart that were open when the hold ended lead to a new order of the same items', async () => {
  await visit.enter({});
  const { page, context } = visit.shopper;
  const before = await countOrders(visit.shop);
  await addToCart(page, 'Rope Thimble', 3);
  await goToReview(page);
  await page.getByLabel(words.checkout.email).fill(email);
  const [other, waiting] = [await context.newPage(), await context.newPage()];
  await goToReview(other);
  await order(other, email);
  await waiting.goto('/cart/checkout');
  // Ordered already: the order's own page instead of another review.
  await waiting.getByRole('link', { name: 'Pay $13.50' }).waitFor();
  await other.getByText('This payment has ended').waitFor();
  await orderIs(waiting, 'cancelled');

  // The review that was shown before anything was ordered.
  await orderButton(page).click();
  await page.getByRole('alert').filter({ hasText: words.checkout.ended }).waitFor();
  expect(await countOrders(visit.shop)).toEqual({ orders: before.orders + 1, charges: before.charges });
  await waiting.getByRole('link', { name: words.order.backToCart }).click();
  await goToReview(page);
  await page.getByText('3 × $4.50').waitFor();
  await orderButton(page).click();
  await atPayment(page);
  expect(await countOrders(visit.shop)).toEqual({ orders: before.orders + 2, charges: before.charges });
});
