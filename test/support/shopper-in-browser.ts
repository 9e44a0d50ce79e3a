/// <reference lib="dom" />
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { OrderStatus } from '../../src/domain/order.ts';
import { cartMessages, cartWords, handoverWords, statusWordsOf, words } from '../../src/storefront/words.ts';
import type { Fixture } from './fixture.ts';

// Actions of a shopper, by the roles, labels and words of the pages, with and without JavaScript.

/** A browser of one shopper: cookies of its own, and the errors in any of its pages. */
export interface Shopper {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Script errors, violations of the Content-Security-Policy, and refused parts of a page. */
  readonly complaints: readonly string[];
}

/** The time limit of everything that a test waits for in a page; it only ends a wait that hangs. */
export const patienceMs = 300_000;

/** Opens a browser without cookies, in which addresses begin at the shop. */
export async function enter(
  browser: Browser,
  { shopUrl }: Pick<Fixture, 'shopUrl'>,
  options: BrowserContextOptions = {},
): Promise<Shopper> {
  const context = await browser.newContext({ baseURL: shopUrl, ...options });
  context.setDefaultTimeout(patienceMs);
  const complaints: string[] = [];
  context.on('console', (message) => {
    // A shop that is away and an answer that refuses belong to some scenarios, an error of the page to none.
    const isOfNetwork = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isOfNetwork) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('response', (response) => {
    const isPart = ['stylesheet', 'script', 'image', 'font'].includes(response.request().resourceType());
    if (isPart && response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  return { context, page: await context.newPage(), complaints };
}

/** Chooses a product from the catalogue and puts it into the cart from its own page. */
export async function addToCart(page: Page, product: string, quantity = 1): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: product, exact: true }).click();
  await opened(page, product);
  await page.getByLabel(words.products.quantity).fill(String(quantity));
  await page.getByRole('button', { name: words.products.add, exact: true }).click();
  await page
    .getByRole('status')
    .filter({ hasText: cartMessages.added(product) })
    .waitFor();
}

/** Opens the review of the cart. */
export async function goToReview(page: Page): Promise<void> {
  await page.goto('/cart');
  await page.getByRole('link', { name: words.cart.checkout, exact: true }).click();
  await opened(page, words.checkout.title);
}

/** Waits for the page with that heading, and for its scripts: before them, its forms do their work without. */
export async function opened(page: Page, heading: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await page.waitForLoadState('load');
}

/** Submits the review, which must lead to the payment page. */
export async function order(page: Page, email: string): Promise<void> {
  await page.getByLabel(words.checkout.email).fill(email);
  await orderButton(page).click();
  await atPayment(page);
}

/** The button of the review that orders. */
export function orderButton(page: Page) {
  return page.getByRole('button', { name: words.checkout.button });
}

/** From an empty cart to the payment page. */
export async function orderThing(page: Page, product: string, email = 'ada@reader.example'): Promise<void> {
  await addToCart(page, product);
  await goToReview(page);
  await order(page, email);
}

/** Waits for the payment page, which is another service's. */
export async function atPayment(page: Page): Promise<void> {
  await page.waitForURL(/\/pay\/cs_/);
}

/** Goes there, also from the order's page: a second press may come while the payment page is still being prepared. */
export async function toPayment(page: Page): Promise<void> {
  await page.waitForURL(/\/pay\/cs_|\/orders\//);
  if (page.url().includes('/orders/')) await page.getByRole('link', { name: /^Pay \$/ }).click();
  await atPayment(page);
}

/** Pays with the card that the payment page offers, and comes back to the order's page. */
export async function pay(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Pay/ }).click();
  await page.waitForURL(/\/orders\//);
}

/** Waits until the order's page shows its status. */
export async function orderIs(page: Page, status: OrderStatus, { isCollected = true } = {}): Promise<void> {
  const { word } = statusWordsOf({ status, isCollected });
  await page.locator('main').getByRole('status').getByText(word, { exact: true }).waitFor();
}

/** The steps of an order's timeline as the page shows them, without their times. */
export function timelineOf(page: Page): Promise<string[]> {
  const timeline = page.getByRole('region', { name: /^What happen/ }).getByRole('listitem');
  return timeline.evaluateAll((steps) =>
    steps.map((step) => {
      const copy = step.cloneNode(true) as Element;
      for (const other of copy.querySelectorAll('time, progress, p, div')) other.remove();
      return copy.textContent.trim();
    }),
  );
}

/** The whole timeline of an order that was paid and dispatched. */
const collected = handoverWords({ isCollected: true }).steps;

/** The steps of an order that its buyer collects. */
export const wholeTimeline = [
  words.steps.placed,
  words.steps.paid,
  collected.dispatchBegan,
  collected.dispatched,
];

/** Waits until the link in the head shows this number of units in the cart. */
export async function cartHolds(page: Page, units: number): Promise<void> {
  await page.getByRole('link', { name: cartWords(units), exact: true }).waitFor();
}

/** Marks a page. The returned function checks that it was not loaded again. */
export async function mark(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => Object.assign(window, { marked: true }));
  return () => page.evaluate(() => 'marked' in window);
}
