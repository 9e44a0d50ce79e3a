import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { operatorWords } from '../../src/operator/words.ts';
import { cartMessages, contactOutcomes, discountFaultWords, words } from '../../src/storefront/words.ts';
import { drawn } from '../support/drawn.ts';
import { type Hands, hasFocus, keyboardOf, pointer } from '../support/keyboard.ts';
import { placePaidOrder } from '../support/orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import {
  addToCart,
  atPayment,
  goToReview,
  opened,
  orderButton,
  orderIs,
} from '../support/shopper-in-browser.ts';
import { visitShop } from '../support/visit.ts';

// All that a shopper, an operator and the shop do about one order, on phones and on desktops, with and without scripts.

const visit = visitShop({ FULFILMENT: 'manual', HOLD_SECONDS: '600' });
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const ways = [
  ['with a finger on a phone', phone],
  ['with the mouse', {}],
  ['by keyboard', {}],
] as const;
const variants = ways.flatMap(([way, screen]) =>
  [true, false].map((javaScriptEnabled) => ({ way, screen, javaScriptEnabled })),
);

beforeAll(async () => {
  const zone = { country: 'US', region: 'OR' };
  await visit.shop.database('tax_zones').insert({ ...zone, name: 'Sales tax', included: false });
  await visit.shop.database('tax_rates').insert({ ...zone, tax_class: 'standard', rate: 88_750 });
  await visit.shop.database('discount_codes').insert({ code: 'TENTH', percent: 10 });
});

describe.each(drawn(variants, 1 / variants.length))('$way, scripts: $javaScriptEnabled', (variant) => {
  const options: BrowserContextOptions = { ...variant.screen, javaScriptEnabled: variant.javaScriptEnabled };
  let page: Page;
  let hands: Hands;

  beforeEach(async () => {
    await visit.enter(options);
    ({ page } = visit.shopper);
    hands = variant.way === 'by keyboard' ? keyboardOf(page) : pointer(variant.screen === phone);
  });

  /** From the page of a product into the cart. */
  async function add(product: string, quantity: number): Promise<void> {
    await page.goto('/');
    await hands.press(page.getByRole('link', { name: product, exact: true }));
    await opened(page, product);
    await hands.type(page.getByLabel(words.products.quantity), String(quantity));
    await hands.press(page.getByRole('button', { name: words.products.add, exact: true }));
    await page
      .getByRole('status')
      .filter({ hasText: cartMessages.added(product) })
      .waitFor();
  }

  async function fillReview({ type, choose, check }: Hands, place: Place): Promise<void> {
    const { addressOf, email } = words.checkout;
    await type(page.getByLabel(email), 'ada@reader.example');
    await check(page.getByLabel('Express delivery'));
    await type(page.getByLabel(addressOf.name), 'Ada Reader');
    await choose(page.getByLabel(addressOf.country), 'United States');
    await type(page.getByLabel(addressOf.line1), '742 Evergreen Terrace');
    await type(page.getByLabel(addressOf.postalCode), place.postalCode);
    await type(page.getByLabel(addressOf.city), place.city);
    await type(page.getByLabel(addressOf.region), place.region);
  }

  async function apply(code: string): Promise<void> {
    await hands.type(page.getByLabel(words.checkout.code), code);
    await hands.press(page.getByRole('button', { name: words.checkout.apply, exact: true }));
  }

  test('an order with a code, a tax and a delivery leaves in two parcels, and one of them is paid back', async () => {
    await add('Bow Shackle', 2);
    await add('Block and Pulley', 1);
    await page.goto('/cart');
    await hands.press(page.getByRole('link', { name: words.cart.checkout, exact: true }));
    await opened(page, words.checkout.title);
    await fillReview(hands, springfield);
    await apply('tenht');
    await page.getByText(discountFaultWords.unknown_code).first().waitFor();
    await apply(' tenth ');
    await page.getByText(words.checkout.applied).waitFor();
    // The code, whose hint says that it applies. A page that was loaded anew has no focus yet.
    expect(await hasFocus(page.getByLabel(words.checkout.code))).toBe(variant.javaScriptEnabled);
    expect(await amountsIn(page.locator('.choice:has(:checked)'))).toEqual(amounts);
    await hands.press(orderButton(page));

    await atPayment(page);
    await page.getByRole('heading', { name: `Pay ${total}` }).waitFor();
    await hands.press(page.getByRole('button', { name: /^Pay/ }));
    await page.waitForURL(/\/orders\//);
    await orderIs(page, 'paid');
    expect(await amountsIn(page.locator('.order-lines'))).toEqual(amounts);
    await page.getByText('to be shipped by').waitFor();
    const orderId = Number(/\d+/.exec(await page.getByRole('heading', { level: 1 }).innerText())?.[0]);

    await ship(orderId, { 'Block and Pulley': '0' }, 'PP123456785');
    await page.getByText('Parcel 1').first().waitFor();
    await ship(orderId, {}, 'PP123456799');
    await orderIs(page, 'dispatched', { isCollected: false });
    await page.getByText('PP123456799').waitFor();
    expect(await page.getByRole('link', { name: /^Follow parcel [12]$/ }).count()).toBe(2);

    const returned = await refund(visit.shop, { order_id: orderId }, { lines: [{ sku: 'block', qty: 1 }] });
    expect(returned).toMatchObject({ status: 202, body: { amount: 6320 } });
    await everyRefundMade(visit.shop);
    await page.reload();
    await page.getByText('$63.20 paid back').first().waitFor();
    await hands.press(page.getByRole('link', { name: words.order.receipt }));
    await opened(page, /^Receipt/);
    for (const row of [...amounts, `${words.receipt.net}\t$53.26`]) {
      expect(await page.getByRole('table').innerText()).toContain(row);
    }
  });

  test('five presses lead from the first page to a paid delivery, and four without typing the next time', async () => {
    const counts = { presses: 0, typed: 0 };
    const counted = countingHands(hands, counts);
    const buy = async (product: string, fill: () => Promise<void>): Promise<void> => {
      await page.goto('/');
      await counted.press(page.getByRole('button', { name: new RegExp(`^Add to cart:? ${product}`) }));
      await counted.press(page.getByRole('link', { name: words.cart.checkout, exact: true }));
      await opened(page, words.checkout.title);
      await fill();
      await counted.press(orderButton(page));
      await atPayment(page);
      await counted.press(page.getByRole('button', { name: /^Pay/ }));
      await page.waitForURL(/\/orders\//);
      await page.getByRole('heading', { name: 'Express delivery' }).waitFor();
    };
    await buy('Rope Thimble', () => fillReview(counted, seattle));
    expect(counts.presses).toBe(5);
    await buy('Marlinspike', () => Promise.resolve());
    expect(counts).toEqual({ presses: 9, typed: 7 });
  });

  test('a lost order is found by e-mail, its address corrected, a return asked for, and everything bought again', async () => {
    const { order_id: id, order_url: url } = await placePaidOrder(visit.shop, {
      qty: 2,
      email: 'grace@reader.example',
    });
    await ship(id, {}, 'PP123456813');
    await page.goto('/your-orders');
    await hands.press(page.getByRole('link', { name: words.shop.findOrder }));
    await opened(page, words.findOrder.title);
    await hands.type(page.getByLabel(words.findOrder.email), 'grace@reader.example');
    await hands.press(page.getByRole('button', { name: words.findOrder.button }));
    await page.getByText(words.findOrder.asked).waitFor();
    await page.goto(await linkSentTo('grace@reader.example'));
    expect(page.url()).toBe(url);

    await hands.press(page.getByRole('link', { name: words.contact.link }));
    await page.getByRole('heading', { name: words.contact.email }).waitFor();
    await hands.type(page.getByLabel(words.contact.correctTo), 'grace.reader@post.example');
    await hands.press(page.getByRole('button', { name: words.contact.correctButton }));
    await page.getByText(contactOutcomes.corrected.text).waitFor();
    await hands.press(page.getByRole('button', { name: words.contact.resendButton }));
    await page.getByText(contactOutcomes.resent.text).waitFor();
    await hands.type(page.getByLabel(words.contact.reason), 'One of them is bent.');
    await hands.press(page.getByRole('button', { name: words.contact.askButton }));
    await page.getByText(contactOutcomes.asked.text).waitFor();
    await page.goto(url);
    await page.getByText(words.contact.returnAsked).waitFor();
    await hands.press(page.getByRole('button', { name: words.order.again }));
    await opened(page, words.cart.title);
    await page.getByText(`Everything of Order ${id} is in your cart`).waitFor();
  });

  /** An operator ships what is left of an order, or fewer of these products. */
  async function ship(
    orderId: number,
    units: Readonly<Record<string, string>>,
    number: string,
  ): Promise<void> {
    const operator = await visit.another();
    await operator.page.goto(`/operator?ship=${orderId}`);
    for (const [product, typed] of Object.entries(units)) {
      await operator.page.getByLabel(product).fill(typed);
    }
    await operator.page.getByLabel(operatorWords.shipping.carrier).fill('Parcel Post');
    await operator.page.getByLabel(operatorWords.shipping.number).fill(number);
    await operator.page.getByLabel(operatorWords.shipping.link).fill(`https://parcels.example/${number}`);
    await operator.page.getByRole('button', { name: operatorWords.shipping.button, exact: true }).click();
    await operator.page.getByRole('status').filter({ hasText: 'is recorded' }).waitFor();
  }
});

test('a delivery that is chosen while the tax is being looked up stays chosen, and the new total is said', async () => {
  const { page } = visit.shopper;
  await addToCart(page, 'Rope Thimble');
  await goToReview(page);
  await page.getByLabel('Standard delivery').check();
  await page.getByLabel(words.checkout.addressOf.country).selectOption({ label: 'United States' });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/cart/checkout', async (route) => {
    await released;
    await route.continue();
  });
  await page.getByLabel(words.checkout.addressOf.region).fill('Oregon');
  await page.getByLabel('Express delivery').check();
  release();
  await page.getByRole('status').filter({ hasText: 'Total $21.12' }).waitFor();
  expect(await page.getByLabel('Express delivery').isChecked()).toBe(true);
});

interface Place {
  readonly postalCode: string;
  readonly city: string;
  readonly region: string;
}

const springfield: Place = { postalCode: '97403', city: 'Springfield', region: 'Oregon' };
// Without a tax: one that depends on the address is shown before it is ordered, which takes a press more without scripts.
const seattle: Place = { postalCode: '98101', city: 'Seattle', region: 'Washington' };

// 2 × 18.90 and 64.50, less 10.23; the tax is 8.875 % of 34.02, of 58.05 and of 14.90, each rounded.
const total = '$116.46';
const amounts = [
  'Products\t$102.30',
  'Discount TENTH\t-$10.23',
  'Express delivery\t$14.90',
  'Sales tax 8.875%\t$9.49',
  `Total\t${total}`,
];

/** The rows of amounts that a part of the page shows, label and amount. */
async function amountsIn(part: ReturnType<Page['locator']>): Promise<string[]> {
  const rows = await part.locator('.amounts > div, .total').all();
  return Promise.all(rows.map(async (row) => (await row.locator('> *').allInnerTexts()).join('\t')));
}

/** The link of the message with the orders of an address, as the outbox of a demonstration shows it. */
async function linkSentTo(email: string): Promise<string> {
  const { page } = await visit.another();
  const message = page.locator('.message').filter({ hasText: email }).filter({ hasText: 'Your orders' });
  await expect
    .poll(async () => {
      await page.goto('/outbox');
      return message.count();
    })
    .toBe(1);
  const link = /http\S+\/orders\/\S+/.exec((await message.locator('pre').textContent()) ?? '')?.[0];
  if (link === undefined) throw new Error(`The message to ${email} has no link.`);
  return link;
}

/** Counts what a shopper presses or chooses, and the fields that are filled in, which a browser may do. */
function countingHands(hands: Hands, counts: { presses: number; typed: number }): Hands {
  return {
    press: (target) => {
      counts.presses += 1;
      return hands.press(target);
    },
    check: (radio) => {
      counts.presses += 1;
      return hands.check(radio);
    },
    type: (field, text) => {
      counts.typed += 1;
      return hands.type(field, text);
    },
    choose: (list, entry) => {
      counts.typed += 1;
      return hands.choose(list, entry);
    },
  };
}
