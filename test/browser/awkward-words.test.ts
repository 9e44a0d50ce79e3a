/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { largestTotalCents } from '../../src/domain/limits.ts';
import { drawn } from '../support/drawn.ts';
import { ask, type OpenShop, type TestOrder } from '../support/orders.ts';
import { faultsOfCutText, faultsOfRoom } from '../support/page-faults.ts';
import { type PageFixture, preparePages, settingsToLook } from '../support/page-fixture.ts';
import { dispatch, shopperWith } from '../support/page-orders.ts';
import { nameOf, openState, type PageState, pageStates } from '../support/page-states.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { connectBrowser } from '../support/visit.ts';

// Every page has room on a phone for words that no line has room for, for other scripts, and for the highest price.

const widths = [320, 360];
const height = 800;

/** Behind the names and descriptions of the products, so that the pages are still recognised. */
const awkward = [
  'Donaudampfschifffahrtskapitän',
  'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz',
  'https://shop.example/things/that/hold?a=very&long=address&without=any&space=in&it=at_all_whatever_happens',
  'مرساةالسفينةالكبيرةالتيلاتتحركأبدافيالعاصفة مرساة',
  'לוויתןענקיבליאףרווחבתוךהמילההזאתבכללוגםלאאחריה',
  '⚓'.repeat(40),
  '👩‍👩‍👧‍👦'.repeat(20),
  '非常に長い名前の製品でありどこにも空白がありません非常に長い名前の製品',
] as const;

const longEmail = `${'a'.repeat(64)}@${'very-long-name.'.repeat(10)}example`;

let shop: TestShop;
let browser: Browser;
let page: Page;
let fixture: PageFixture;
let dear: { readonly pending: TestOrder; readonly dispatched: TestOrder };

beforeAll(async () => {
  browser = await connectBrowser();
  shop = await startTestShop({
    ...settingsToLook,
    SHOP_NAME: awkward[1] + awkward[4].slice(0, 30),
    SHOP_ADDRESS: `${'a'.repeat(300)} | ${awkward[3]}`,
    SHOP_TAX_NUMBER: awkward[2],
  });
  const skus = await shop.database('products').orderBy('product_id').pluck<string[]>('sku');
  for (const [index, sku] of skus.entries()) {
    const word = awkward[index % awkward.length] ?? '';
    await shop.database.raw(
      `update products set product = product || ' ' || :word, description = description || ' ' || :word where sku = :sku`,
      { sku, word },
    );
  }
  fixture = await preparePages(shop);
  dear = await buyDearest();
  page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** Orders of one product at the highest price, by a buyer with the longest address. */
async function buyDearest(): Promise<typeof dear> {
  await shop.database('products').where({ sku: 'bell' }).update({ price_cents: largestTotalCents });
  const place = async (key: string): Promise<TestOrder> => {
    const request = { items: [{ sku: 'bell', qty: 1 }], email: longEmail };
    const { body } = await ask(`${shop.shopUrl}/checkout/${key}`, request);
    return { ...(body as Omit<TestOrder, 'key'>), key };
  };
  const pending = await place('dear-pending');
  const dispatched = await place('dear-dispatched');
  await dispatch(shop, dispatched);
  return { pending, dispatched };
}

/** The faults of a page in each width. */
async function faultsOf(state: PageState, ofShop: OpenShop): Promise<string[]> {
  await page.context().clearCookies();
  await page.unrouteAll();
  await page.setViewportSize({ width: Math.max(...widths), height });
  await openState(page, state, { ...fixture, shop: ofShop });
  const faults: string[] = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height });
    const found = [...(await page.evaluate(faultsOfRoom)), ...(await page.evaluate(faultsOfCutText))];
    faults.push(...found.map((fault) => `${width} px: ${fault}`));
  }
  return faults;
}

/** One state of a third of the pages, or with TEST_CASES=all every state. */
const oneOfEach = [...new Set(pageStates.map((state) => state.page))].flatMap((name) => {
  const ofPage = pageStates.filter((state) => state.page === name);
  return drawn(ofPage, 1 / ofPage.length);
});
const states = drawn(oneOfEach, 1 / 3);

describe('no page scrolls sideways or cuts anything off, with awkward names', () => {
  test.each(states.map((state) => [nameOf(state), state] as const))('%s', async (_name, state) => {
    expect(await faultsOf(state, shop)).toEqual([]);
  });

  test.each(['cleat', 'shackle', 'marlinspike', 'bell', 'block', 'turnbuckle', 'thimble', 'snatch-hook'])(
    'the page of the product %s',
    async (sku) => {
      const state = { page: 'product', state: sku, at: `/products/${sku}`, shows: 'All products' };
      expect(await faultsOf(state, shop)).toEqual([]);
    },
  );
});

describe('with the highest price and the longest address', () => {
  const price = '$999,999.99';
  const dearest: readonly (readonly [string, () => string, string | RegExp])[] = [
    ['the catalogue', () => '/?q=bell', price],
    ['the order, before it is paid', () => dear.pending.order_url, price],
    ['the payment page', () => dear.pending.payment_url, price],
    ['the order, once it is dispatched', () => dear.dispatched.order_url, price],
    ['the receipt', () => `${dear.dispatched.order_url}/receipt`, price],
    ['the operator’s page', () => '/operator', /^\$1,0\d\d,\d{3}/],
    ['the mail preview', () => '/outbox', longEmail],
    ['a message', () => '/outbox/1', /Order/],
    ['the panel of the payment service', () => `${shop.paymentUrl}/control`, price],
  ];

  test.each(dearest)('%s', async (name, at, shows) => {
    expect(await faultsOf({ page: name, state: '', at: at(), shows }, shop)).toEqual([]);
  });

  test.each(['/cart', '/cart/checkout'])('%s', async (at) => {
    const visitor = await shopperWith(shop, { bell: 1 });
    const shoppers = { ...fixture.shoppers, full: visitor };
    await page.context().clearCookies();
    await page.setViewportSize({ width: 320, height });
    await openState(
      page,
      { page: at, state: '', at, as: 'full', shows: price },
      { ...fixture, shop, shoppers },
    );
    for (const width of widths) {
      await page.setViewportSize({ width, height });
      expect(await page.evaluate(faultsOfRoom)).toEqual([]);
    }
  });
});

test('the check reports a page on which such a word may not break', async () => {
  await page.setViewportSize({ width: 320, height });
  await page.goto(`${shop.shopUrl}/products/shackle`);
  expect(await page.evaluate(faultsOfRoom)).toEqual([]);
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('body { overflow-wrap: break-word }');
    document.adoptedStyleSheets.push(sheet);
  });
  expect((await page.evaluate(faultsOfRoom)).join()).toContain('It scrolls sideways');
});
