/// <reference lib="dom" />
import { beforeEach, describe, expect, test } from 'vitest';
import { words } from '../../src/storefront/words.ts';
import { tabTo } from '../support/keyboard.ts';
import {
  addToCart,
  goToReview,
  opened,
  orderButton,
  orderIs,
  orderThing,
  pay,
  toPayment,
} from '../support/shopper-in-browser.ts';
import { scripting, visitShop } from '../support/visit.ts';

// A shopper who changes an order instead of placing another one, by keyboard, with and without scripts.

const visit = visitShop({ DISPATCH_SECONDS: '0.5', HOLD_SECONDS: '600' });

describe.each(scripting)('with JavaScript: %s', (javaScriptEnabled) => {
  beforeEach(() => visit.enter({ javaScriptEnabled }));

  test('the order that waits is changed from its page, and only the new one can be paid', async () => {
    const { page } = visit.shopper;
    await orderThing(page, 'Bow Shackle');
    await page.goto(`${visit.shop.shopUrl}/your-orders`);
    await page.getByRole('link', { name: /^Order \d+/ }).click();
    const first = page.url();
    const change = page.getByRole('button', { name: words.order.change });
    await tabTo(page, change);
    await page.keyboard.press('Enter');
    await opened(page, words.cart.title);
    await page.getByText('You are changing').waitFor();
    await page.getByLabel(/^Quantity: Bow Shackle/).fill('3');
    await page.getByRole('button', { name: /^Update/ }).click();
    await page.getByText('$56.70').first().waitFor();
    await goToReview(page);
    await page.getByText('This takes the place of').waitFor();
    expect(await page.getByLabel(words.checkout.email).inputValue()).toBe('ada@reader.example');
    await orderButton(page).click();
    await toPayment(page);
    await pay(page);
    await orderIs(page, 'dispatched');
    await page.goto(first);
    await page.getByText('You changed it into').waitFor();
    await page.getByRole('button', { name: words.order.again }).click();
    await opened(page, words.cart.title);
    await page.getByText(/^Everything of Order \d+ is in your cart/).waitFor();
  });

  test('whoever edits the cart after ordering is offered the change, and can leave it', async () => {
    const { page } = visit.shopper;
    await orderThing(page, 'Bow Shackle');
    await page.goto(visit.shop.shopUrl);
    await addToCart(page, 'Rope Thimble');
    await page.goto(`${visit.shop.shopUrl}/cart`);
    await page.getByRole('button', { name: words.cart.changeInstead }).click();
    await page.getByText('You are changing').waitFor();
    await page.getByRole('button', { name: words.cart.keepOrder }).click();
    await orderIs(page, 'pending');
  });
});
