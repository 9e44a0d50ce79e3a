/// <reference lib="dom" />
import type { Browser, Locator, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  cartMessages,
  cartNotes,
  cartWords,
  errorWords,
  putBackWords,
  words,
} from '../../src/storefront/words.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import {
  addToCart,
  atPayment,
  cartHolds,
  enter,
  goToReview,
  mark,
  opened,
  orderButton,
  type Shopper,
} from '../support/shopper-in-browser.ts';
import { connectBrowser } from '../support/visit.ts';

// With scripts the page adds to the cart without a reload, and repeats a checkout that was not answered.

let shop: TestShop;
let browser: Browser;
let shopper: Shopper;
let page: Page;

beforeAll(async () => {
  browser = await connectBrowser();
  shop = await startTestShop();
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

beforeEach(async () => {
  shopper = await enter(browser, shop);
  ({ page } = shopper);
  await page.goto('/');
});

afterEach(async () => {
  await shopper.context.close();
  expect(shopper.complaints).toEqual([]);
});

const shackle = 'Bow Shackle';
const addShackle = () => page.getByRole('button', { name: `${words.products.add} ${shackle}` });
const added = () => page.getByRole('status').filter({ hasText: cartMessages.added(shackle) });

/** Delays the page's requests to the cart until the returned function is called. */
async function holdBack(pass: (route: Route) => Promise<void> = (route) => route.continue()) {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/cart/lines', async (route) => {
    await released;
    await pass(route);
  });
  return release;
}

describe('a product is added to the cart', () => {
  test('without leaving the page: the message is beside the button and in the head, and the focus stays', async () => {
    await addShackle().focus();
    await page.keyboard.press('Enter');
    await added().getByRole('link', { name: words.cart.checkout }).waitFor();
    await cartHolds(page, 1);
    expect(new URL(page.url()).pathname).toBe('/');
    expect(await addShackle().evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await cartHolds(page, 2);
  });

  test('once by a double click', async () => {
    const release = await holdBack();
    await addShackle().dblclick();
    await page.locator('button[aria-disabled="true"]').waitFor();
    release();
    await added().waitFor();
    await cartHolds(page, 1);
    expect(await page.locator('button[aria-disabled]').count()).toBe(0);
  });

  test('beside another, and both are in the cart of one browser that was not known before', {
    tags: ['slow'],
  }, async () => {
    const release = await holdBack();
    await addShackle().click();
    await page.getByRole('button', { name: `${words.products.add} Rope Thimble` }).click();
    expect(await page.locator('button[aria-disabled="true"]').count()).toBe(2);
    release();
    await added().waitFor();
    await cartHolds(page, 2);
    expect(await page.locator('button[aria-disabled]').count()).toBe(0);
    await page.goto('/cart');
    for (const product of [shackle, 'Rope Thimble']) {
      await page.getByRole('link', { name: product, exact: true }).waitFor();
    }
  });

  test('although an earlier one is refused, whose page arrives last', { tags: ['slow'] }, async () => {
    const release = await holdBack((route) => {
      const isShackle = route.request().postData()?.includes('sku=shackle') === true;
      return route.continue(isShackle ? { postData: 'sku=anchor&qty=1' } : {});
    });
    await addShackle().click();
    await page.getByRole('button', { name: `${words.products.add} Rope Thimble` }).click();
    release();
    await page.getByRole('heading', { level: 1, name: errorWords.unknown_product.title }).waitFor();
    await page.goto('/cart');
    await cartHolds(page, 1);
  });

  test('when the shop is away for a moment: a message says so until it is back', {
    tags: ['slow'],
  }, async () => {
    let asked = 0;
    await page.route('**/cart/lines', (route) => {
      asked += 1;
      return asked <= 3 ? route.abort('connectionrefused') : route.continue();
    });
    await addShackle().click();
    await page.getByText(words.connection.away).waitFor();
    await added().waitFor();
    await page.waitForFunction(() => document.getElementById('connection')?.textContent === '');
    expect(asked).toBe(4);
  });

  test('by the form itself when the script gets no answer that it can show', { tags: ['slow'] }, async () => {
    let asked = 0;
    await page.route('**/cart/lines', (route) => {
      asked += 1;
      return asked === 1 ? route.fulfill({ status: 500, body: 'no' }) : route.continue();
    });
    await addShackle().click();
    await page.getByRole('heading', { level: 1, name: words.cart.title }).waitFor();
    await page.getByRole('link', { name: cartWords(1), exact: true }).waitFor();
  });
});

test('the quantity of a product’s page goes with it, and no more than there is', {
  tags: ['slow'],
}, async () => {
  await page.goto('/products/bell');
  const quantity = page.getByLabel(words.products.quantity);
  await quantity.fill('4');
  await page.getByRole('button', { name: words.products.add, exact: true }).click();
  expect(await quantity.evaluate((input) => (input as HTMLInputElement).validity.rangeOverflow)).toBe(true);
  await quantity.fill('3');
  await page.keyboard.press('Enter');
  await cartHolds(page, 3);
});

test('a quantity is changed in place: the focus stays, and the new total and a shortage are announced', async () => {
  await page.getByRole('button', { name: `${words.products.add} Small Brass Bell` }).click();
  await cartHolds(page, 1);
  await page.goto('/cart');
  await opened(page, words.cart.title);
  const isSamePage = await mark(page);
  const quantity = page.getByLabel(words.cart.quantity);
  const total = page.getByRole('status').filter({ hasText: words.cart.total });
  await quantity.fill('2');
  await page.keyboard.press('Enter');
  await total.filter({ hasText: '$298.00' }).waitFor();
  await cartHolds(page, 2);
  expect(await quantity.evaluate((input) => input === document.activeElement)).toBe(true);

  await quantity.fill('9');
  await page.getByRole('button', { name: words.cart.update }).click();
  await page
    .getByRole('status')
    .filter({ hasText: cartNotes.fewer(3, 9) })
    .waitFor();
  await total.filter({ hasText: '$447.00' }).waitFor();
  expect(await quantity.inputValue()).toBe('3');
  const notes = await quantity.getAttribute('aria-describedby');
  expect(await page.locator(`#${notes}`).textContent()).toContain(cartNotes.fewer(3, 9));

  await page.getByRole('button', { name: words.cart.remove }).click();
  await page
    .getByRole('status')
    .filter({ hasText: cartMessages.removed('Small Brass Bell') })
    .waitFor();
  await page.getByText(words.cart.none).waitFor();
  await page.getByRole('button', { name: putBackWords(9) }).click();
  await total.filter({ hasText: '$447.00' }).waitFor();
  expect(await isSamePage()).toBe(true);
});

describe('the head of a page', () => {
  /** Whether another element lies over the upper edge of this one. */
  const isCovered = (target: Locator) =>
    target.evaluate((element) => {
      const { left, top, width } = element.getBoundingClientRect();
      return !element.contains(document.elementFromPoint(left + width / 2, top + 2));
    });
  const topOf = (target: Locator) =>
    target.evaluate((element) => Math.round(element.getBoundingClientRect().top));

  test('leaves room for products on a phone, stays there, and covers no pressed button when the shop is away', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await topOf(page.locator('.product').first())).toBeLessThan(350);
    const head = page.getByRole('banner');
    // The button is pressed right below the head.
    await addShackle().evaluate((button) => {
      const head = document.querySelector('header')?.getBoundingClientRect().bottom ?? 0;
      window.scrollBy(0, button.getBoundingClientRect().top - head);
    });
    expect([await topOf(head), await isCovered(addShackle())]).toEqual([0, false]);
    await page.route(/\/cart\/lines|\/healthz/, (route) => route.abort('connectionrefused'));
    await addShackle().click();
    await page.getByText(words.connection.away).waitFor();
    expect(await isCovered(addShackle())).toBe(false);
    await page.unrouteAll();
    await added().waitFor();
  });

  test('shows on a desk that the shop is away, and moves and covers nothing', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    const heading = page.getByRole('heading', { level: 1 });
    const before = await topOf(heading);
    await page.route(/\/cart\/lines|\/healthz/, (route) => route.abort('connectionrefused'));
    await addShackle().press('Enter');
    await page.getByText(words.connection.away).waitFor();
    expect([await topOf(heading), await isCovered(heading)]).toEqual([before, false]);
  });
});

describe('an order', () => {
  /** Goes to the review, orders, and answers the script in place of the shop; how often it has asked. */
  async function orderWith(answers: readonly { status: number; headers?: Record<string, string> }[]) {
    const requests: string[] = [];
    await addToCart(page, shackle);
    await goToReview(page);
    await page.getByLabel(words.checkout.email).fill('ada@reader.example');
    await page.route('**/cart/checkout', (route) => {
      const answer = answers[requests.length];
      requests.push(route.request().headers()['accept'] ?? '');
      return answer ? route.fulfill({ ...answer, body: '{}' }) : route.continue();
    });
    await orderButton(page).click();
    return requests;
  }

  test('is asked for again while the shop is away or busy, with a message', { tags: ['slow'] }, async () => {
    const requests = await orderWith([
      { status: 503 },
      { status: 502 },
      { status: 429, headers: { 'retry-after': '1' } },
    ]);
    await page.getByRole('status').filter({ hasText: words.connection.busy }).waitFor();
    await atPayment(page);
    expect(requests).toEqual(Array.from({ length: 4 }, () => 'application/json'));
  });

  test('that fails in the shop is sent once more by the form, and the shop’s own page shows the result', {
    tags: ['slow'],
  }, async () => {
    const requests = await orderWith([
      { status: 500, headers: { 'content-type': 'application/problem+json' } },
    ]);
    await atPayment(page);
    expect([requests.length, requests[1]?.includes('text/html')]).toEqual([2, true]);
  });
});
