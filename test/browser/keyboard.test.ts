// @module-tag slow
/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { cartMessages, cartWords, emailFaults, homeWords, words } from '../../src/storefront/words.ts';
import { currentStop, hasFocus, tabTo } from '../support/keyboard.ts';
import {
  atPayment,
  cartHolds,
  opened,
  orderButton,
  orderIs,
  orderThing,
  timelineOf,
  wholeTimeline,
} from '../support/shopper-in-browser.ts';
import { visitShop } from '../support/visit.ts';

// A purchase by keyboard alone, and the announcements while a hold runs out.

const visit = visitShop({ DISPATCH_SECONDS: '1', HOLD_SECONDS: '115' });

test('the skip link is the first stop and leads to the content; every stop shows, in the order of the page', async () => {
  const { page } = visit.shopper;
  await page.goto('/');
  await page.keyboard.press('Tab');
  expect(await currentStop(page)).toEqual({ name: words.shop.skip, faults: [] });
  const search = page.getByLabel(words.products.search);
  const { products, yourOrders } = words.shop;
  expect(await tabTo(page, search)).toEqual([
    homeWords('Holdfast'),
    products,
    yourOrders,
    cartWords(0),
    words.products.search,
  ]);

  await page.reload();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect.poll(() => hasFocus(page.getByRole('main'))).toBe(true);
  expect(await tabTo(page, page.getByRole('link', { name: 'Block and Pulley', exact: true }))).toEqual([
    words.products.search,
    words.products.show,
    words.products.category,
    words.products.order,
    words.products.filters,
    'Premium Quality Widget',
    expect.stringMatching(/^Add to cart:? Premium Quality Widget$/),
    'Block and Pulley',
  ]);
  await tabTo(page, page.locator('.demonstration summary'));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: words.demonstration.crash }));
});

/** From the catalogue to the review, by its search. */
async function chooseByKeyboard(page: Page): Promise<void> {
  await page.goto('/');
  await tabTo(page, page.getByLabel(words.products.search));
  await page.keyboard.type('shackle');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=shackle/);
  await opened(page, words.products.title);
  await tabTo(page, page.getByRole('link', { name: 'Bow Shackle', exact: true }));
  await page.keyboard.press('Enter');

  await opened(page, 'Bow Shackle');
  await tabTo(page, page.getByLabel(words.products.quantity));
  await page.keyboard.type('2');
  const add = page.getByRole('button', { name: words.products.add, exact: true });
  await tabTo(page, add);
  await page.keyboard.press('Space');
  await page.getByText(cartMessages.added('Bow Shackle')).waitFor();
  await cartHolds(page, 2);
  // The focus has stayed, and the way on is the next stop.
  expect(await hasFocus(add)).toBe(true);
  expect(await tabTo(page, page.getByRole('link', { name: words.products.toCart }))).toHaveLength(1);
  await page.keyboard.press('Enter');

  await opened(page, words.cart.title);
  await tabTo(page, page.getByRole('link', { name: words.cart.checkout, exact: true }));
  await page.keyboard.press('Enter');
  await opened(page, words.checkout.title);
}

test('a purchase, with an e-mail address that is refused first', async () => {
  const { page } = visit.shopper;
  await chooseByKeyboard(page);
  const email = page.getByLabel(words.checkout.email);
  await tabTo(page, email);
  await page.keyboard.type('nobody at all');
  await page.keyboard.press('Enter');

  const summary = page.getByRole('alert').filter({ hasText: emailFaults.unreadable });
  await expect.poll(() => hasFocus(summary)).toBe(true);
  expect(await tabTo(page, summary.getByRole('link'))).toHaveLength(1);
  await page.keyboard.press('Enter');
  await expect.poll(() => hasFocus(email)).toBe(true);
  expect(await email.inputValue()).toBe('nobody at all');
  expect(await email.getAttribute('aria-invalid')).toBe('true');
  const described = (await email.getAttribute('aria-describedby'))?.split(' ') ?? [];
  const descriptions = await Promise.all(described.map((id) => page.locator(`#${id}`).innerText()));
  expect(descriptions.join(' ')).toContain(emailFaults.unreadable);

  await page.waitForLoadState('load');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('ada@reader.example');
  // The deliveries to choose from are one stop.
  expect(await tabTo(page, orderButton(page))).toHaveLength(2);
  await page.keyboard.press('Space');

  await atPayment(page);
  await tabTo(page, page.getByRole('button', { name: /^Pay/ }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/orders\//);
  await orderIs(page, 'dispatched');
  expect(await timelineOf(page)).toEqual(wholeTimeline);
  await tabTo(page, page.getByRole('link', { name: words.order.receipt }));
});

/** Records the announcements of the live region, each with the countdown at that moment. */
async function listen(page: Page): Promise<() => Promise<{ said: string; left: string }[]>> {
  await page.evaluate(() => {
    const announced: { said: string; left: string }[] = [];
    // The banner is about the connection, and time that runs this fast is too fast for it.
    const regions = ['status', 'alert', 'log', 'timer'].map((role) => `[role="${role}"]:not(#connection)`);
    const spoken = [...regions, '[aria-live]'].join();
    const changed = (records: MutationRecord[]): void => {
      const changes = records.map(({ target }) =>
        (target instanceof Element ? target : target.parentElement)?.closest(spoken),
      );
      for (const region of new Set(changes)) {
        const left = document.getElementById('countdown')?.textContent ?? '';
        if (region) announced.push({ said: region.textContent.trim(), left });
      }
    };
    new MutationObserver(changed).observe(document, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { announced });
  });
  return () =>
    page.evaluate(() => (window as unknown as { announced: { said: string; left: string }[] }).announced);
}

test('a hold is announced with 60 and with 30 seconds left, and at no other time', async () => {
  const { page, context } = visit.shopper;
  await orderThing(page, 'Rope Thimble');
  const tab = await context.newPage();
  // No real minute passes: the test moves the page's clock, and the shop sends no message meanwhile.
  await tab.clock.install();
  await tab.route(/\/events$|\/fragments\//, (route) => route.abort());
  await tab.goto('/your-orders');
  await tab.getByRole('link', { name: /^Order \d+$/ }).click();
  await tab.getByText(/^1:\d\d left$/).waitFor();
  await tab.waitForLoadState('load');
  const announced = await listen(tab);
  await tab.getByRole('link', { name: /^Pay/ }).first().focus();
  await tab.clock.runFor(116_000);
  expect((await announced()).filter(({ said }) => said !== '')).toEqual([
    { said: words.order.leftMinute, left: expect.stringMatching(/^1:0[01] left$/) },
    { said: words.order.leftHalf, left: expect.stringMatching(/^0:3[01] left$/) },
  ]);
  // The focused element is gone; the keyboard continues at its place, not at the top of the page.
  expect(await hasFocus(tab.getByText('The hold ended at').locator('visible=true'))).toBe(true);
});
