/// <reference lib="dom" />
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  blockerWords,
  cartMessages,
  cartNotes,
  handoverWords,
  holdPromise,
  statusWords,
  words,
} from '../../src/storefront/words.ts';
import { countOrders } from '../support/demonstration.ts';
import { ask } from '../support/orders.ts';
import {
  addToCart,
  atPayment,
  cartHolds,
  goToReview,
  mark,
  orderButton,
  orderIs,
  orderThing,
  pay,
  timelineOf,
  wholeTimeline,
} from '../support/shopper-in-browser.ts';
import { scripting, visitShop } from '../support/visit.ts';

// A shopper in a real browser, on everything that `npm start` runs.

const holdSeconds = 65;
// The progress of a dispatch is seen on a busy machine, too.
const visit = visitShop({ DISPATCH_SECONDS: '6', HOLD_SECONDS: String(holdSeconds) });

describe.each(scripting)('with JavaScript: %s', (javaScriptEnabled) => {
  beforeEach(() => visit.enter({ javaScriptEnabled }));

  test('a purchase goes from the catalogue to the dispatch', async () => {
    const { page } = visit.shopper;
    await addToCart(page, 'Bow Shackle', 2);
    await addToCart(page, 'Rope Thimble');
    await cartHolds(page, 3);

    await goToReview(page);
    await page.getByText('2 × $18.90').waitFor();
    await page.locator('.choice .total').getByText('$42.30').first().waitFor();
    await page.getByText(holdPromise(holdSeconds)).waitFor();
    await page.getByLabel(words.checkout.email).fill('ada@reader.example');
    await orderButton(page).click();

    await atPayment(page);
    await page.getByRole('heading', { name: 'Pay $42.30' }).waitFor();
    await page.getByText('for ada@reader.example').waitFor();
    await pay(page);
    await orderIs(page, 'dispatched');
    expect(await timelineOf(page)).toEqual(wholeTimeline);
    expect(await page.getByText('2 × $18.90').count()).toBe(1);
    await page.goto('/');
    await cartHolds(page, 0);
  });
});

describe.each(scripting)('with JavaScript: %s', (javaScriptEnabled) => {
  beforeEach(() => visit.enter({ javaScriptEnabled }));

  test('a declined card keeps the order, and the next one pays', { tags: ['slow'] }, async () => {
    const { page } = visit.shopper;
    await orderThing(page, 'Block and Pulley');
    await page.getByRole('heading', { name: 'Test cards' }).click();
    await page.getByRole('button', { name: /Declined$/ }).click();
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.getByRole('alert').filter({ hasText: 'Your items are still held for you' }).waitFor();
    await page.goto('/your-orders');
    await page.getByRole('link', { name: /^Order \d+$/ }).click();
    await page.getByText(words.order.held.replace('{time}.', '')).waitFor();
    await page.getByRole('link', { name: /^Pay \$64\.50/ }).click();
    // A declined card leaves the list open.
    await page.getByRole('button', { name: /Approved$/ }).click();
    await pay(page);
    await orderIs(page, 'dispatched');
    expect(await timelineOf(page)).toEqual(wholeTimeline);
  });

  test('a cancelled payment costs nothing, and leads back to the intact cart', {
    tags: ['slow'],
  }, async () => {
    const { page } = visit.shopper;
    const before = await countOrders(visit.shop);
    await orderThing(page, 'Block and Pulley');
    await page.getByRole('button', { name: /Cancel/ }).click();
    await orderIs(page, 'cancelled');
    await page.getByText('Nothing was charged').waitFor();
    await page.getByRole('link', { name: words.order.backToCart }).click();
    await page.getByRole('link', { name: 'Block and Pulley' }).waitFor();
    await cartHolds(page, 1);
    await goToReview(page);
    await orderButton(page).click();
    await atPayment(page);
    await pay(page);
    await orderIs(page, 'dispatched');
    expect(await countOrders(visit.shop)).toEqual({ orders: before.orders + 2, charges: before.charges + 1 });
  });
});

test('the open page of an order follows it to the dispatch without a reload', {
  tags: ['slow'],
}, async () => {
  const { page } = visit.shopper;
  await orderThing(page, 'Bow Shackle');
  const [address] = await ordersOfBrowser();
  const tab = await visit.shopper.context.newPage();
  await tab.goto(address);
  await orderIs(tab, 'pending');
  const isSamePage = await mark(tab);
  await pay(page);
  await orderIs(tab, 'paid');
  await tab
    .getByText(/^[1-9] of 10$/)
    .first()
    .waitFor();
  await orderIs(tab, 'dispatched');
  expect(await timelineOf(tab)).toEqual(wholeTimeline);
  expect(await isSamePage()).toBe(true);
});

/** The addresses of this browser's orders, newest first. */
async function ordersOfBrowser(): Promise<[string, ...string[]]> {
  const tab = await visit.shopper.context.newPage();
  await tab.goto('/your-orders');
  const links = tab.getByRole('listitem').getByRole('link', { name: /^Order \d+$/ });
  const [first = '', ...others] = await links.evaluateAll((all) =>
    all.map((link) => (link as HTMLAnchorElement).href),
  );
  await tab.close();
  return [first, ...others];
}

test('your orders are those of this browser; the page of one needs no cookie', {
  tags: ['slow'],
}, async () => {
  await orderThing(visit.shopper.page, 'Rope Thimble');
  await orderThing(visit.shopper.page, 'Bow Shackle');
  const addresses = await ordersOfBrowser();
  expect(addresses).toHaveLength(2);
  await visit.shopper.page.goto('/your-orders');
  const [first, second] = await visit.shopper.page.getByRole('main').getByRole('listitem').allInnerTexts();
  expect(first).toContain('Bow Shackle');
  expect(second).toContain('Rope Thimble');

  const other = await visit.another();
  await other.page.goto(addresses[0]);
  await orderIs(other.page, 'pending');
  expect(await other.context.cookies()).toEqual([]);
  await orderThing(other.page, 'Marlinspike');
  await other.page.goto('/your-orders');
  const theirs = await other.page.getByRole('main').getByRole('listitem').allInnerTexts();
  expect(theirs).toHaveLength(1);
  expect(theirs[0]).toContain('Marlinspike');

  await visit.enter({});
  await visit.shopper.page.goto('/your-orders');
  await visit.shopper.page.getByText(words.yourOrders.none).waitFor();
});

test('recent orders show the progress of a new one by themselves', { tags: ['slow'] }, async () => {
  const { page } = visit.shopper;
  await page.goto('/recent-orders');
  const isSamePage = await mark(page);
  const answer = await fetch(`${visit.shop.shopUrl}/checkout/${randomUUID()}`, { method: 'POST' });
  const payment = await answer.text();
  const newest = page.getByRole('main').getByRole('listitem').first();
  await newest.getByText(statusWords.pending.word).waitFor();
  await fetch(`${visit.shop.shopUrl}/payment_webhook/${payment}/paid`, { method: 'POST' });
  await newest
    .getByText(/[1-9] of 10/)
    .first()
    .waitFor();
  await newest.getByText(handoverWords({ isCollected: true }).dispatched).waitFor();
  expect(await isSamePage()).toBe(true);
});

/** Another shopper orders these, and pays later. */
async function takeAway(sku: string, qty: number): Promise<void> {
  const { status } = await ask(`${visit.shop.shopUrl}/checkout/${randomUUID()}`, { items: [{ sku, qty }] });
  expect(status).toBe(201);
}

test('the review names items that sold out meanwhile, and the rest can be ordered', async () => {
  const { page } = visit.shopper;
  await addToCart(page, 'Turnbuckle', 3);
  await goToReview(page);
  await page.getByLabel(words.checkout.email).fill('ada@reader.example');
  await takeAway('turnbuckle', 28);
  await orderButton(page).click();
  await page.getByRole('alert').filter({ hasText: words.checkout.reviewChanged }).waitFor();
  await page.getByText(cartNotes.fewer(2, 3)).waitFor();
  await orderButton(page).click();
  await atPayment(page);
  await page.getByRole('heading', { name: 'Pay $112.00' }).waitFor();
});

test('sold out in the meantime: the page of the product shows it and links to the cart', {
  tags: ['slow'],
}, async () => {
  const { page } = visit.shopper;
  await page.goto('/products/bell');
  await takeAway('bell', 3);
  await page.getByRole('button', { name: words.products.add, exact: true }).click();
  await page.getByText(cartMessages.soldOut('Small Brass Bell')).waitFor();
  await page.getByRole('link', { name: words.products.toCart }).click();
  await page.getByText(blockerWords.nothing).waitFor();
  expect(await page.getByRole('link', { name: words.cart.checkout, exact: true }).count()).toBe(0);

  await page.getByText(words.demonstration.heading).click();
  await page.getByRole('button', { name: words.demonstration.restock }).click();
  await page.getByText(words.demonstration.restocked).waitFor();
  await goToReview(page);
  await orderButton(page).waitFor();
});
