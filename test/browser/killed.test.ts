// @module-tag slow
/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { cartMessages, cartWords, handoverWords, words } from '../../src/storefront/words.ts';
import { countOrders, crash, reopened } from '../support/demonstration.ts';
import {
  atPayment,
  cartHolds,
  mark,
  opened,
  orderButton,
  orderIs,
  pay,
  timelineOf,
  wholeTimeline,
} from '../support/shopper-in-browser.ts';
import { visitShop } from '../support/visit.ts';
import { waitFor } from '../support/wait.ts';

// The shop dies on each page of a purchase in turn, as by `kill -9`; the supervisor starts it again.

const visit = visitShop({ DISPATCH_SECONDS: '8', HOLD_SECONDS: '600' });

function banner(page: Page) {
  return page.locator('#connection');
}

async function bannerGoes(page: Page): Promise<void> {
  await expect.poll(() => banner(page).textContent()).toBe('');
}

/** Kills the shop, and repeats this until the page has noticed that it was away. */
async function dieUntilNoticed(page: Page): Promise<void> {
  await waitFor(
    'the page to show that the shop is away',
    async () => {
      await crash(visit.shop);
      return banner(page).textContent();
    },
    (text) => text === words.connection.away,
  );
}

/** The shop dies before a button is pressed: the page waits for the shop and shows a message. */
async function pressWhileDown(page: Page, press: () => Promise<void>): Promise<void> {
  await crash(visit.shop);
  await press();
  await banner(page).filter({ hasText: words.connection.away }).waitFor();
}

test('a purchase continues although the shop is killed on each of its pages', async () => {
  const { page, context } = visit.shopper;
  const before = await countOrders(visit.shop);

  // The catalogue.
  await page.goto('/');
  const isCatalogue = await mark(page);
  await pressWhileDown(page, () =>
    page.getByRole('button', { name: words.products.add }).filter({ hasText: 'Bow Shackle' }).click(),
  );
  await page.getByText(cartMessages.added('Bow Shackle')).waitFor();
  await bannerGoes(page);
  await cartHolds(page, 1);
  expect(await isCatalogue()).toBe(true);

  // A product.
  await page.getByRole('link', { name: 'Rope Thimble', exact: true }).click();
  await opened(page, 'Rope Thimble');
  await pressWhileDown(page, () =>
    page.getByRole('button', { name: words.products.add, exact: true }).click(),
  );
  await page.getByText(cartMessages.added('Rope Thimble')).waitFor();
  await bannerGoes(page);

  // The cart, whose buttons are plain forms.
  await page.getByRole('link', { name: cartWords(2), exact: true }).click();
  await opened(page, words.cart.title);
  await crash(visit.shop);
  await reopened(visit.shop);
  await page.getByRole('link', { name: words.cart.checkout, exact: true }).click();

  // The review.
  await opened(page, words.checkout.title);
  await page.getByLabel(words.checkout.email).fill('ada@reader.example');
  await pressWhileDown(page, () => orderButton(page).click());
  await atPayment(page);
  expect(await countOrders(visit.shop)).toEqual({ orders: before.orders + 1, charges: before.charges });

  // Your orders, and the page of the order, which stays open from here on.
  const watching = await context.newPage();
  await watching.goto('/your-orders');
  await crash(visit.shop);
  await reopened(visit.shop);
  await watching.getByRole('link', { name: /^Order \d+$/ }).click();
  await opened(watching, /^Order \d+$/);
  await orderIs(watching, 'pending');
  const isSamePage = await mark(watching);
  await dieUntilNoticed(watching);
  await bannerGoes(watching);
  const { dispatch, dispatched } = handoverWords({ isCollected: true }).steps;
  expect(await timelineOf(watching)).toEqual([words.steps.placed, words.steps.payment, dispatch, dispatched]);

  // The payment page, which is another service's and leads back into the shop.
  await crash(visit.shop);
  await reopened(visit.shop);
  await pay(page);

  // The order in dispatch, on the page that one comes to from paying, and on the one that was open all the time.
  await orderIs(page, 'paid');
  const isPaidPage = await mark(page);
  await page
    .getByText(/^[1-9] of 10$/)
    .first()
    .waitFor();
  await dieUntilNoticed(page);
  await bannerGoes(page);
  for (const open of [page, watching]) {
    await orderIs(open, 'dispatched');
    expect(await timelineOf(open)).toEqual(wholeTimeline);
    await bannerGoes(open);
  }
  expect(await isPaidPage()).toBe(true);
  expect(await isSamePage()).toBe(true);
  await page.reload();
  expect(await timelineOf(page)).toEqual(wholeTimeline);
  await cartHolds(page, 0);
  expect(await countOrders(visit.shop)).toEqual({ orders: before.orders + 1, charges: before.charges + 1 });
});
