import type { BrowserContext, Page } from 'playwright-core';
import type { Visitor } from './browser.ts';
import { type OrderName, type PageFixture, type ShopperName, setPrice } from './page-fixture.ts';

/** A page of the shop as a person may find it. */
export interface PageState {
  /** States of one page share its name. */
  readonly page: string;
  readonly state: string;
  readonly at: string | ((fixture: PageFixture) => string);
  readonly as?: ShopperName;
  /** The actions on the page that lead to this state. */
  readonly act?: (page: Page, fixture: PageFixture) => Promise<unknown>;
  /** Words of the page that prove the state. */
  readonly shows: string | RegExp;
}

/** Every page and state there is. */
export const pageStates: readonly PageState[] = [
  // Early, because its dispatch goes on.
  { page: 'order', state: 'in-dispatch', at: order('inDispatch'), shows: /[4-9] of 10/ },
  { page: 'catalogue', state: 'whole', at: '/', shows: 'Things that hold' },
  { page: 'catalogue', state: 'found', at: '/?q=bronze&sort=price', shows: 'match' },
  { page: 'catalogue', state: 'not-found', at: '/?q=windlass', shows: 'Nothing matches' },
  {
    page: 'catalogue',
    state: 'added',
    at: '/',
    act: (page) => press(page, /^Add to cart:? Bow Shackle/),
    shows: 'In your cart.',
  },
  {
    page: 'catalogue',
    state: 'tools-of-the-demonstration',
    at: '/',
    act: (page) => page.getByText('For the demonstration').click(),
    shows: 'Ends the process that answers',
  },
  { page: 'catalogue', state: 'suggested', at: '/?q=blue+shackel&stock=1', shows: 'Did you mean' },
  {
    page: 'catalogue',
    state: 'filtered',
    at: '/?category=Rigging&stock=1&from=90&to=1&sort=price',
    shows: 'The lower price came second',
  },
  { page: 'product', state: 'in-stock', at: '/products/block', shows: 'Block and Pulley' },
  { page: 'product', state: 'few-left', at: '/products/turnbuckle', shows: 'Only 2 left' },
  { page: 'product', state: 'sold-out', at: '/products/snatch-hook', shows: 'There is none left' },
  {
    page: 'product',
    state: 'added',
    at: '/products/shackle',
    act: (page) => press(page, /^Add to cart$/),
    shows: 'is in your cart',
  },
  { page: 'product', state: 'unknown', at: '/products/anchor', shows: 'not sold here' },

  { page: 'cart', state: 'empty', at: '/cart', shows: 'Your cart is empty' },
  { page: 'cart', state: 'full', as: 'full', at: '/cart', shows: 'Check out' },
  { page: 'cart', state: 'added', as: 'full', at: '/cart?added=cleat', shows: 'is in your cart' },
  { page: 'cart', state: 'removed', as: 'full', at: '/cart?removed=bell&qty=1', shows: 'Put it back' },
  { page: 'cart', state: 'changed', as: 'changed', at: '/cart', shows: 'Only 2 left' },
  { page: 'cart', state: 'sold-out', as: 'gone', at: '/cart', shows: 'Nothing in it can be ordered' },
  { page: 'cart', state: 'ordered', as: 'ordered', at: '/cart', shows: 'waits for your payment' },
  { page: 'cart', state: 'edited', as: 'edited', at: '/cart', shows: 'Change this order instead' },
  { page: 'cart', state: 'changing', as: 'changing', at: '/cart', shows: 'Keep the order as it is' },
  {
    page: 'cart',
    state: 'filled',
    as: 'full',
    at: ({ orders }) => `/cart?filled=${orders.refused.order_url.split('/').at(-1)}`,
    shows: 'is not in your cart',
  },

  { page: 'review', state: 'changing', as: 'changing', at: '/cart/checkout', shows: 'takes the place of' },
  { page: 'review', state: 'whole', as: 'full', at: '/cart/checkout', shows: 'Order and pay' },
  { page: 'review', state: 'changed', as: 'changed', at: '/cart/checkout', shows: 'Not part of this order' },
  {
    page: 'review',
    state: 'email-refused',
    as: 'full',
    at: '/cart/checkout',
    act: (page) => sendReview(page, 'ada at reader.example'),
    shows: 'Something needs another look',
  },
  {
    page: 'review',
    state: 'email-suggested',
    as: 'full',
    at: '/cart/checkout',
    act: (page) => sendReview(page, 'ada@gmial.com'),
    shows: 'Did you mean ada@gmail.com?',
  },
  {
    page: 'review',
    state: 'address-refused',
    as: 'full',
    at: '/cart/checkout',
    act: sendWithoutAddress,
    shows: 'Enter the postal code',
  },
  {
    page: 'review',
    state: 'refused',
    as: 'dearer',
    at: '/cart/checkout',
    act: raisePriceAndSend,
    shows: 'has changed since this page was shown',
  },

  { page: 'payment', state: 'open', at: payment('toPay'), shows: 'Test cards' },
  {
    page: 'payment',
    state: 'card-refused',
    at: payment('toPay'),
    act: (page) => payWith(page, '4111 1111 1111 1111'),
    shows: 'This is not a test card',
  },
  {
    page: 'payment',
    state: 'card-declined',
    at: payment('declinedThere'),
    act: (page) => payWith(page, '4000 0000 0000 9995'),
    shows: 'Nothing was charged. Your items are still held',
  },
  {
    page: 'bank',
    state: 'asks',
    at: payment('toPay'),
    act: (page) => payWith(page, '4000 0025 0000 3155'),
    shows: 'Your bank makes sure',
  },
  { page: 'payment', state: 'paid', at: payment('paidThere'), shows: 'You were charged once' },
  { page: 'payment', state: 'ended', at: payment('endedThere'), shows: 'This payment has ended' },
  {
    page: 'payment-control',
    state: 'whole',
    at: ({ shop }) => `${shop.paymentUrl}/control`,
    shows: 'Injected faults',
  },

  { page: 'order', state: 'pending', at: order('pending'), shows: 'Held for you until' },
  { page: 'order', state: 'returned', at: order('pending', '?returned=1'), shows: 'on its way to us' },
  {
    page: 'order',
    state: 'first-delivery',
    at: order('pending', '?delivery=first'),
    shows: 'keeps its first delivery',
  },
  {
    page: 'order',
    state: 'first-code',
    at: order('pending', '?delivery=first&code=first'),
    shows: 'the order keeps its price',
  },
  {
    page: 'order',
    state: 'kept-email',
    at: order('pending', '?email=first'),
    shows: 'the order keeps the e-mail address',
  },
  { page: 'order', state: 'hold-expired', at: order('holdExpired'), shows: 'We are asking whether' },
  { page: 'order', state: 'dispatched', at: order('dispatched'), shows: 'Open the receipt' },
  { page: 'order', state: 'being-prepared', at: order('toShip'), shows: 'to be shipped by' },
  { page: 'order', state: 'in-parcels', at: order('inParcels'), shows: 'Follow parcel 1' },
  { page: 'order', state: 'cancelled', at: order('cancelled'), shows: 'You cancelled it' },
  { page: 'order', state: 'changing', at: order('changing'), shows: 'You are changing this order' },
  { page: 'order', state: 'changed', at: order('changed'), shows: 'You changed it into' },
  {
    page: 'order',
    state: 'unchanged',
    at: order('dispatched', '?notice=unchanged'),
    shows: 'Your payment was faster',
  },
  { page: 'order', state: 'expired', at: order('expired'), shows: 'before a payment arrived' },
  { page: 'order', state: 'refused', at: order('refused'), shows: '5 wanted, 3 left' },
  { page: 'order', state: 'refunded', at: order('refunded'), shows: 'shows on your account' },
  {
    page: 'order',
    state: 'partly-refunded',
    at: order('partlyRefunded'),
    shows: 'of your payment was paid back',
  },

  { page: 'receipt', state: 'paid', at: order('inDispatch', '/receipt'), shows: 'Payment reference' },
  {
    page: 'receipt',
    state: 'partly-refunded',
    at: order('partlyRefunded', '/receipt'),
    shows: 'Net amount after refunds',
  },

  { page: 'shop-page', state: 'terms', at: '/terms', shows: 'How an order works' },

  {
    page: 'contact',
    state: 'paid',
    at: order('inDispatch', '/contact?done=corrected'),
    shows: 'The address is corrected',
  },
  {
    page: 'contact',
    state: 'refused',
    at: order('inDispatch', '/contact'),
    act: (page) => press(page, 'Send the request'),
    shows: 'Say why, in 1 to',
  },
  { page: 'contact', state: 'ended', at: order('refunded', '/contact'), shows: 'Messages go to' },
  { page: 'order', state: 'cancellation-asked', at: order('asked'), shows: 'You asked to cancel this order' },
  { page: 'find-order', state: 'form', at: '/find-order', shows: 'Send the links' },
  { page: 'find-order', state: 'asked', at: '/find-order?asked=1', shows: 'If orders were paid' },
  {
    page: 'find-order',
    state: 'refused',
    at: '/find-order',
    act: (page) => press(page, 'Send the links'),
    shows: 'Enter your e-mail address',
  },

  { page: 'your-orders', state: 'several', as: 'many', at: '/your-orders', shows: 'newest first' },
  { page: 'your-orders', state: 'none', at: '/your-orders', shows: 'No order was placed' },
  {
    page: 'your-orders',
    state: 'forgotten',
    at: '/your-orders?forgotten=1',
    shows: 'This browser is forgotten',
  },
  { page: 'recent-orders', state: 'several', at: '/recent-orders', shows: 'Recent orders' },
  {
    page: 'recent-orders',
    state: 'shop-away',
    at: '/recent-orders',
    act: (page) => page.route('**/fragments/**', (route) => route.abort()),
    shows: 'The shop is restarting',
  },
  { page: 'operator', state: 'request', at: '/operator', shows: 'The buyer wants to cancel the order' },
  { page: 'operator', state: 'attention-item', at: '/operator', shows: 'dispute' },
  {
    page: 'operator',
    state: 'refund-refused',
    at: '/operator',
    act: async (page) => {
      await page.getByLabel('Order number').fill('1');
      await page.getByLabel('Amount').fill('4.355');
      await page.getByLabel('Reason').fill('came broken');
      await press(page, 'Refund');
    },
    shows: 'Write an amount above zero',
  },
  {
    page: 'operator',
    state: 'refund-units',
    at: ({ orders }) => `/operator?order=${orders.inParcels.order_id}`,
    shows: 'What is refunded',
  },
  { page: 'operator', state: 'to-ship', at: shipping('toShip'), shows: 'In this parcel' },
  {
    page: 'operator',
    state: 'parcel-refused',
    at: shipping('inParcels'),
    act: async (page) => {
      await page.getByLabel('Link to follow').fill('parcels.example');
      await press(page, 'Ship');
    },
    shows: 'begins with https://',
  },
  { page: 'outbox', state: 'several', at: '/outbox', shows: 'Outbox' },
  { page: 'error', state: 'no-order', at: '/orders/nobody', shows: 'There is nothing here' },
  { page: 'error', state: 'no-receipt', at: order('pending', '/receipt'), shows: 'There is nothing here' },
  { page: 'error', state: 'nothing-here', at: '/anchors', shows: 'There is nothing here' },
  { page: 'error', state: 'not-allowed', at: '/order/seven', shows: 'not allowed' },
];

/** A name for files and reports. */
export function nameOf({ page, state }: PageState): string {
  return `${page}-${state}`;
}

/** Opens a page in a fresh browser and acts there until it is in the state. */
export async function openState(page: Page, state: PageState, fixture: PageFixture): Promise<void> {
  const { as, act, shows } = state;
  if (as !== undefined) await lend(page.context(), fixture.shop.shopUrl, fixture.shoppers[as]);
  await page.goto(addressOf(state, fixture));
  await act?.(page, fixture);
  await page.getByText(shows).filter({ visible: true }).first().waitFor();
}

/** Reads the title of a page without a browser. The page is in the state only when that needs no action. */
export async function readTitle(state: PageState, fixture: PageFixture): Promise<string> {
  const cookie = state.as === undefined ? {} : { cookie: fixture.shoppers[state.as].cookie };
  const answer = await fetch(addressOf(state, fixture), { headers: { accept: 'text/html', ...cookie } });
  const title = /<title>([^<]+)</.exec(await answer.text())?.[1];
  if (title === undefined) throw new Error(`${nameOf(state)} has no title.`);
  return title;
}

function addressOf({ at }: PageState, fixture: PageFixture): string {
  return new URL(typeof at === 'string' ? at : at(fixture), fixture.shop.shopUrl).href;
}

function order(name: OrderName, query = '') {
  return ({ orders }: PageFixture) => orders[name].order_url + query;
}

function shipping(name: OrderName) {
  return ({ orders }: PageFixture) => `/operator?ship=${orders[name].order_id}`;
}

function payment(name: OrderName) {
  return ({ orders }: PageFixture) => orders[name].payment_url;
}

async function lend(context: BrowserContext, url: string, { cookie }: Visitor): Promise<void> {
  const cookies = cookie.split('; ').map((one) => {
    const [name = '', value = ''] = one.split(/=(.*)/s);
    return { name, value, url };
  });
  await context.addCookies(cookies);
}

function press(page: Page, name: string | RegExp): Promise<void> {
  return page.getByRole('button', { name }).first().click();
}

async function sendReview(page: Page, address: string): Promise<void> {
  await page.getByLabel('E-mail').fill(address);
  await press(page, /^Order/);
}

async function sendWithoutAddress(page: Page): Promise<void> {
  await page.getByLabel('Standard delivery').check();
  await page.getByLabel('Country').selectOption('US');
  await sendReview(page, 'ada@reader.example');
}

async function raisePriceAndSend(page: Page, { shop }: PageFixture): Promise<void> {
  const marlinspike = shop.database('products').where('sku', 'marlinspike');
  const found = await marlinspike.first<{ price_cents: number }>('price_cents');
  await setPrice(shop, 'marlinspike', (found?.price_cents ?? 0) + 100);
  await sendReview(page, 'ada@reader.example');
}

async function payWith(page: Page, card: string): Promise<void> {
  await page.getByLabel('Card number').fill(card);
  await press(page, /^Pay/);
}
