// @module-tag slow
/// <reference lib="dom" />
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { patienceMs } from '../support/shopper-in-browser.ts';
import { secondsFromNow, startTestSimulator, type TestSimulator } from '../support/stripe-simulator.ts';
import { connectBrowser } from '../support/visit.ts';

// The payment page and the control panel in a real browser; the shop behind them only receives webhooks.

/** The page that the payment page links back to. */
const shop = createServer((_request, response) => response.end('The shop'));
let shopUrl: string;
let browser: Browser;
let service: TestSimulator;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await connectBrowser();
  shop.listen(0, '127.0.0.1');
  await once(shop, 'listening');
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  service = await startTestSimulator();
});

afterAll(async () => {
  await service?.close();
  await browser?.close();
  shop.close();
});

beforeEach(() => enter());

afterEach(async () => {
  await context.close();
  expect(complaints.filter((text) => !text.includes('Failed to load resource'))).toEqual([]);
});

async function enter(options: { javaScriptEnabled?: boolean } = {}): Promise<void> {
  await context?.close();
  context = await browser.newContext(options);
  context.setDefaultTimeout(patienceMs);
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
}

function open(reference: string, more: { expires_at?: number } = {}): Promise<string> {
  return service.open(reference, {
    success_url: `${shopUrl}/orders/${reference}`,
    cancel_url: `${shopUrl}/cancelled`,
    ...more,
  });
}

function openPage(sessionId: string): Promise<unknown> {
  return page.goto(`${service.origin}/pay/${sessionId}`);
}

function press(name: RegExp | string): Promise<void> {
  return page.getByRole('button', { name }).click();
}

/** Opens the list of test cards if it is not open, and chooses one. */
async function choose(name: RegExp): Promise<void> {
  const cards = page.locator('#cards details:not([open]) summary');
  if ((await cards.count()) > 0) await cards.click();
  await press(name);
}

async function atShop(): Promise<void> {
  await page.waitForURL(`${shopUrl}/**`);
}

// Without JavaScript the forms are the same; test/stripe-simulator/page.test.ts sends them.
describe('the payment page', () => {
  test('a declined card shows the reason, and another card pays', async () => {
    const id = await open('p-1');
    await openPage(id);
    await choose(/insufficient funds/);
    await press(/^Pay/);
    await page.getByRole('alert').filter({ hasText: 'not enough money' }).waitFor();
    expect(await page.getByLabel('Card number').inputValue()).toBe('4000 0000 0000 9995');
    await choose(/^4242/);
    await press(/^Pay/);
    await atShop();
    expect(await service.stripe.checkout.sessions.retrieve(id)).toMatchObject({ payment_status: 'paid' });
  });

  test('a card that is no test card is refused beside its field, and a test card can be chosen then', async () => {
    await openPage(await open('p-2'));
    await page.getByLabel('Card number').fill('4111 1111 1111 1111');
    await press(/^Pay/);
    const number = page.getByLabel('Card number');
    await page.getByText('This is not a test card').waitFor();
    expect(await number.getAttribute('aria-describedby')).toBe('number-error');
    expect(await number.inputValue()).toBe('4111 1111 1111 1111');
    await choose(/^4242/);
    await press(/^Pay/);
    await atShop();
  });

  test('the bank asks: a refusal is shown on the page, a confirmation pays', async () => {
    await openPage(await open('p-3'));
    await choose(/The bank asks first/);
    await press(/^Pay/);
    await press('Decline payment');
    await page.getByRole('alert').filter({ hasText: 'could not confirm' }).waitFor();
    await press(/^Pay/);
    await press('Confirm payment');
    await atShop();
  });
});

describe('a session that expires while the page is open', () => {
  test('is noticed by the page itself, also while it shows an error of the card', async () => {
    // Long enough for a busy machine to show the error first.
    const id = await open('x-1', { expires_at: secondsFromNow(12) });
    await openPage(id);
    await page.getByLabel('CVC').fill('1');
    await press(/^Pay/);
    await page.getByText('Three or four digits').waitFor();
    await page.getByText('This payment has ended').waitFor();
    expect(page.url()).toBe(`${service.origin}/pay/${id}`);
    await page.getByRole('link', { name: 'Back to the shop' }).click();
    await atShop();
  });

  test('is shown when the card is sent, without JavaScript', async () => {
    await enter({ javaScriptEnabled: false });
    const id = await open('x-2');
    await openPage(id);
    await service.stripe.checkout.sessions.expire(id);
    await press(/^Pay/);
    await page.getByText('This payment has ended').waitFor();
    await page.getByText('Nothing was charged').waitFor();
  });
});

test('a slow card shows that the bank is being asked, and going back afterwards shows the payment', async () => {
  // A test cannot inspect a page during its unload, so the page records its own changes.
  await page.addInitScript(() => {
    const note = (): void => {
      const button = document.querySelector('#pay button:disabled');
      if (button) sessionStorage.setItem('while waiting', button.textContent);
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true, attributes: true });
  });
  const id = await open('s-1');
  await openPage(id);
  await choose(/Slow/);
  await press(/^Pay/);
  await atShop();
  await page.goBack();
  await page.getByText('You were charged once').waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem('while waiting'))).toBe('Asking the bank…');
});

describe('the control panel', () => {
  test('sets faults and turns them off, and one session has its own', async () => {
    await enter({ javaScriptEnabled: false });
    const id = await open('c-1');
    await page.goto(`${service.origin}/control`);
    await page.getByLabel(/Comes twice/).fill('0.5');
    await press('Set the faults');
    await page.locator('#webhook_double[value="0.5"]').waitFor();
    await page.goto(`${service.origin}/control/sessions/${id}`);
    await page.getByLabel(/Never comes/).fill('0.5');
    await press('Set the faults of this session');
    await page.getByText('own faults').waitFor();
    const faults = (await service.send('GET', '/control/faults')).body;
    expect(faults).toMatchObject({
      general: { webhook_double: 0.5 },
      sessions: { [id]: { webhook_double: 0.5, webhook_drop: 0.5 } },
    });
    await press(/All off/);
    await page.locator('#webhook_double[value="0"]').waitFor();
  });

  test('refunds and disputes a payment, and gives the reason of a refusal', async () => {
    const id = await open('c-2');
    await service.pay(id);
    await page.goto(`${service.origin}/control`);
    const row = page.getByRole('row').filter({ hasText: 'c-2' }).filter({ hasText: '$' });
    await row.getByRole('spinbutton').fill('500');
    await row.getByRole('button', { name: 'Refund' }).click();
    await row.filter({ hasText: 'refunded in part' }).waitFor();
    await row.getByRole('button', { name: 'Dispute' }).click();
    await row.filter({ hasText: 'disputed' }).waitFor();
    await service.send('POST', `/control/sessions/${id}/refund`);
    await row.getByRole('button', { name: 'Refund' }).click();
    await page.getByText('has already been refunded').waitFor();
    await page.getByRole('link', { name: 'Back to the control panel' }).click();
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
  });
});
