import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { fieldIn, Visitor } from '../support/browser.ts';
import { type Answer, ask, becomes, pay, type TestOrder } from '../support/orders.ts';
import { typedDelivery } from '../support/page-orders.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { stripeClient } from '../support/stripe-simulator.ts';

// What an order costs with taxes and discount codes, and who gets the last use of a code.

let shop: TestShop;
let database: Knex;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600', HELD_UNITS_PER_CLIENT: '100000', TRUST_PROXY: '1' });
  ({ database } = shop);
});

afterAll(() => shop?.close());

afterEach(async () => {
  expect((await auditDatabase(database, 30)).broken).toEqual([]);
  await database('tax_zones').delete();
  await database('terms').update({ country: null, region: '' });
});

const { delivery: _express, ...ada } = typedDelivery;
const inOregon = { method: 'standard', address: ada };
const inLondon = {
  method: 'standard',
  address: {
    name: 'Ada Reader',
    line1: '12 St James’s Square',
    postal_code: 'SW1Y 4JH',
    city: 'London',
    country: 'GB',
  },
};

function checkout(body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const request = { items: [{ sku: 'shackle', qty: 2 }], ...body };
  return ask(`${shop.shopUrl}/checkout/${randomUUID()}`, request, { headers });
}

async function rowOf({ body }: Answer) {
  const row = await database('orders').where({ order_id: body['order_id'] }).first();
  const lines = await database('order_lines').where({ order_id: body['order_id'] }).orderBy('product_id');
  return { row, lines };
}

async function tax(country: string, region: string, rate: number, included: boolean): Promise<void> {
  await database('tax_zones').insert({ country, region, name: included ? 'VAT' : 'Sales tax', included });
  await database('tax_rates').insert({ country, region, tax_class: 'standard', rate });
}

async function code(changes: object): Promise<string> {
  const name = `TEST${randomUUID().slice(0, 8).toUpperCase()}`;
  await database('discount_codes').insert({ code: name, percent: 10, ...changes });
  return name;
}

/** Waits until so many transactions that place or release wait for a lock. Postgres shows the beginning of a statement alone. */
async function expectWaiting(transactions: number): Promise<void> {
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query ~ 'lock_clients|discount_codes'`;
  await expect.poll(async () => (await database.raw(waiting)).rowCount).toBe(transactions);
}

async function commitWhenWaiting(lock: Knex.Transaction, transactions: number): Promise<void> {
  try {
    await expectWaiting(transactions);
  } finally {
    await lock.commit();
  }
}

function accountOf(name: string) {
  return database('discount_accounts')
    .where({ code: name })
    .first('free', 'held', 'used', 'issued', 'balanced');
}

describe('a tax', () => {
  test('that is added is a part of the total, on the lines and on the delivery', async () => {
    await tax('US', 'OR', 88_750, false);
    const answer = await checkout({ delivery: inOregon });
    // 3780 + 690 = 4470; 8.875 % of 3780 is 335.475, of 690 it is 61.2375.
    expect(answer).toMatchObject({ status: 201, body: { total: 4470 + 335 + 61 } });
    const { row, lines } = await rowOf(answer);
    expect(row).toMatchObject({
      tax_cents: 396,
      tax_name: 'Sales tax',
      tax_included: false,
      delivery_tax_cents: 61,
    });
    expect(lines).toMatchObject([{ tax_cents: 335, tax_rate: 88_750 }]);
    const page = await (await fetch(String(answer.body['order_url']))).text();
    expect(page).toContain('Sales tax 8.875%');
    await pay(shop, answer.body as unknown as TestOrder);
  });

  test('that the prices contain changes no total, and is shown', async () => {
    await tax('GB', '', 200_000, true);
    const answer = await checkout({ delivery: inLondon });
    const { row, lines } = await rowOf(answer);
    expect(row.total_cents).toBe(row.subtotal_cents + row.delivery_cents);
    expect(row.tax_included).toBe(true);
    // A sixth of the price.
    expect(lines).toMatchObject([{ tax_cents: 630, tax_rate: 200_000 }]);
    const page = await (await fetch(String(answer.body['order_url']))).text();
    expect(page).toContain('VAT 20%, included');
  });

  test('of a region replaces that of its country, and a class without a rate is not taxed', async () => {
    await tax('US', '', 10_000, false);
    await tax('US', 'OR', 0, false);
    await database('tax_rates').insert({ country: 'US', region: 'OR', tax_class: 'rope', rate: 50_000 });
    expect((await checkout({ delivery: inOregon })).body['total']).toBe(4470);
    const elsewhere = { ...inOregon, address: { ...ada, region: 'WA', postal_code: '98101' } };
    expect((await checkout({ delivery: elsewhere })).body['total']).toBe(4470 + 38 + 7);
  });

  test('of the shop’s own place applies to what is collected there', async () => {
    await tax('CH', '', 81_000, true);
    expect((await rowOf(await checkout({}))).row.tax_cents).toBe(0);
    await database('terms').update({ country: 'CH' });
    expect((await rowOf(await checkout({}))).row).toMatchObject({ tax_cents: 283, total_cents: 3780 });
  });

  test('that changes between the review and the order is shown before anything is ordered', async () => {
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    const { text: html } = await visitor.get('/cart/checkout');
    const form = (page: string) => ({
      key: fieldIn(page, 'key'),
      fingerprint: fieldIn(page, 'fingerprint'),
      totals: fieldIn(page, 'totals'),
      email: 'ada@reader.example',
      ...typedDelivery,
      delivery: 'standard',
    });
    await tax('US', 'OR', 100_000, false);
    const changed = await visitor.post('/cart/checkout', form(html));
    expect(changed.status).toBe(409);
    expect(changed.text).toContain('Sales tax 10%');
    // The first page after the change knows where the order goes.
    const placed = await visitor.post('/cart/checkout', form(changed.text));
    expect(placed.status).toBe(303);
    const row = await database('orders')
      .where({ checkout_key: fieldIn(changed.text, 'key') })
      .first();
    expect(row.total_cents).toBe(4470 + 378 + 69);
  });

  test.each([
    ['that is added', false, 'Sales tax 20%'],
    ['that the prices contain', true, 'VAT 20%, included'],
  ])('%s is shown anew when the country changes on the review', async (_, included, label) => {
    await tax('GB', '', 200_000, included);
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    const { text: html } = await visitor.get('/cart/checkout');
    // By this attribute, the script asks again for what follows.
    expect(html).toContain(' data-taxed');
    expect(html).not.toContain(label);
    const fields = { ...typedDelivery, delivery: 'standard', country: 'GB', region: '', apply: '1' };
    expect((await visitor.post('/cart/checkout', fields)).text).toContain(label);
  });

  test('is shown before the order when the address comes with it', async () => {
    await tax('US', 'OR', 100_000, false);
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    const { text: html } = await visitor.get('/cart/checkout');
    expect(html).toContain('Before tax, which depends on the address.');
    const fields = { email: 'ada@reader.example', ...typedDelivery, delivery: 'standard' };
    const hidden = (page: string) => ({
      key: fieldIn(page, 'key'),
      fingerprint: fieldIn(page, 'fingerprint'),
      totals: fieldIn(page, 'totals'),
    });
    const shown = await visitor.post('/cart/checkout', { ...hidden(html), ...fields });
    expect(shown.status).toBe(409);
    expect(shown.text).toContain('The total is another one now');
    expect((await visitor.post('/cart/checkout', { ...hidden(shown.text), ...fields })).status).toBe(303);
  });
});

describe('a discount code', () => {
  test('takes a percentage off each line before the tax, and the payment page shows it', async () => {
    await tax('US', 'OR', 100_000, false);
    const name = await code({ percent: 15, uses: 3 });
    const answer = await checkout({ delivery: inOregon, discount_code: name });
    // 15 % of 3780 is 567; 10 % of the rest is 321.3.
    expect(answer).toMatchObject({ status: 201, body: { total: 3780 - 567 + 690 + 321 + 69 } });
    const { row, lines } = await rowOf(answer);
    expect(row).toMatchObject({ discount_cents: 567, discount_code: name, uses_code: true });
    expect(lines).toMatchObject([{ discount_cents: 567, tax_cents: 321 }]);
    expect(await accountOf(name)).toEqual({ free: 2, held: 1, used: 0, issued: 3, balanced: true });
    const session = await stripeClient(
      Number(new URL(shop.paymentUrl).port),
      secretKey,
    ).checkout.sessions.retrieve(String(answer.body['payment_id']));
    expect(session).toMatchObject({
      amount_total: answer.body['total'],
      total_details: { amount_discount: 567 },
    });
    const order = answer.body as unknown as TestOrder;
    await pay(shop, order);
    await becomes(shop, order, { state: 'settled' });
    expect(await accountOf(name)).toEqual({ free: 2, held: 0, used: 1, issued: 3, balanced: true });
  });

  test('of an amount is divided among the lines, and is at most their value', async () => {
    const name = await code({ percent: null, amount_cents: 1000, currency: 'USD' });
    const items = [
      { sku: 'shackle', qty: 1 },
      { sku: 'thimble', qty: 1 },
    ];
    const { row, lines } = await rowOf(await checkout({ items, discount_code: name }));
    expect(row.discount_cents).toBe(1000);
    expect(lines.reduce((sum, line) => sum + Number(line.discount_cents), 0)).toBe(1000);
    const all = await code({ percent: null, amount_cents: 99_999_999, currency: 'USD' });
    const answer = await checkout({ delivery: inOregon, discount_code: all });
    expect(answer.body['total']).toBe(690);
    const nothing = await checkout({ discount_code: all });
    expect(nothing).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  test.each([
    ['in lower case', (name: string) => name.toLowerCase()],
    ['with spaces around it and inside', (name: string) => ` ${name.slice(0, 4)} ${name.slice(4)}\u00a0`],
    [
      'in wide characters',
      (name: string) =>
        name.replaceAll(/./g, (one) => String.fromCodePoint((one.codePointAt(0) ?? 0) + 0xfee0)),
    ],
  ])('typed %s is the same code', async (_, typed) => {
    const name = await code({});
    const answer = await checkout({ discount_code: typed(name) });
    expect((await rowOf(answer)).row.discount_code).toBe(name);
  });

  test.each([
    ['that was removed', { removed_at: new Date() }, 'unknown_code'],
    ['that has expired', { valid_until: new Date(Date.now() - 1000) }, 'code_expired'],
    ['that is not valid yet', { valid_from: new Date(Date.now() + 60_000) }, 'code_not_yet_valid'],
    ['that is used up', { uses: 0 }, 'code_used_up'],
    ['that asks for more', { minimum_cents: 3781, currency: 'USD' }, 'code_needs_more'],
    ['of another currency', { minimum_cents: 1, currency: 'EUR' }, 'code_other_currency'],
    ['that counts by address, without one', { uses_per_email: 1 }, 'code_needs_email'],
  ] as const)('%s is refused, and its key still orders', async (_, changes, fault) => {
    const name = await code(changes);
    const key = randomUUID();
    const send = (body: object) =>
      ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'shackle', qty: 2 }], ...body });
    expect(await send({ discount_code: name })).toMatchObject({
      status: 409,
      body: { code: 'code_unavailable', fault },
    });
    expect(await send({})).toMatchObject({ status: 201, body: { total: 3780 } });
  });

  test('with a limit by address counts a buyer in any case, and frees the use with the order', async () => {
    const name = await code({ uses_per_email: 1, uses: 10 });
    const first = await checkout({ discount_code: name, email: 'Eve@reader.example' });
    expect(first.status).toBe(201);
    const again = () => checkout({ discount_code: name, email: 'eve@reader.example' });
    expect(await again()).toMatchObject({ body: { code: 'code_unavailable', fault: 'code_used_by_you' } });
    const order = first.body as unknown as TestOrder;
    await ask(`${order.order_url}/cancel`, {});
    await becomes(shop, order, { status: 'cancelled' });
    expect(await accountOf(name)).toEqual({ free: 10, held: 0, used: 0, issued: 10, balanced: true });
    expect((await again()).status).toBe(201);
  });

  test('that gets a limit by address later counts earlier uses', async () => {
    const name = await code({});
    const buy = (email?: string) => checkout({ discount_code: name, ...(email && { email }) });
    await buy('Zoë@reader.example');
    await buy();
    await database('discount_codes').where({ code: name }).update({ uses_per_email: 1 });
    expect(await buy('zoë@reader.example')).toMatchObject({ body: { fault: 'code_used_by_you' } });
    expect((await buy('eve@reader.example')).status).toBe(201);
  });

  test('that gets a limit by address while an order is placed counts it, and needs an address', async () => {
    const name = await code({});
    const limiting = await database.transaction();
    await limiting('discount_codes').where({ code: name }).update({ uses_per_email: 1 });
    const buy = (sku: string, email?: string) =>
      checkout({ items: [{ sku, qty: 1 }], discount_code: name, ...(email && { email }) });
    const placing = [buy('shackle', 'ann@reader.example'), buy('thimble')];
    await commitWhenWaiting(limiting, 2);
    const [counted, nameless] = await Promise.all(placing);
    expect(counted?.status).toBe(201);
    expect(nameless).toMatchObject({ body: { code: 'code_unavailable', fault: 'code_needs_email' } });
    expect(await buy('block', 'ann@reader.example')).toMatchObject({ body: { fault: 'code_used_by_you' } });
  });

  test('has its last use for exactly one of 200 buyers at once', async () => {
    const name = await code({ uses: 1 });
    const skus = await database('products').pluck<string[]>('sku');
    const answers = await Promise.all(
      // From different networks and of different products, so that only the code makes them wait for each other.
      Array.from({ length: 200 }, (_, buyer) =>
        checkout(
          { items: [{ sku: skus[buyer % skus.length], qty: 1 }], discount_code: name },
          { 'x-forwarded-for': `203.0.113.${buyer}` },
        ),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ body }) => [body['code'], body['fault']])).toEqual(
      Array.from({ length: 199 }, () => ['code_unavailable', 'code_used_up']),
    );
    expect(await accountOf(name)).toEqual({ free: 0, held: 1, used: 0, issued: 1, balanced: true });
  });

  test('has its last use for one of two buyers who wait for it', async () => {
    const name = await code({ uses: 1 });
    const lock = await database.transaction();
    await lock('discount_codes').where({ code: name }).forUpdate().select('code');
    const buy = (sku: string, network: string) =>
      checkout({ items: [{ sku, qty: 1 }], discount_code: name }, { 'x-forwarded-for': network });
    const buying = Promise.all([buy('block', '198.51.100.1'), buy('shackle', '198.51.100.2')]);
    await expectWaiting(2);
    await lock.rollback();
    const statuses = (await buying).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect(await accountOf(name)).toEqual({ free: 0, held: 1, used: 0, issued: 1, balanced: true });
  });

  test.each([
    ['gets a limit', null, 5],
    ['loses its limit', 5, null],
    ['gets another limit', 5, 6],
  ])('that %s while an order is placed and another one is cancelled counts both', async (_, from, to) => {
    const name = await code({ uses: from });
    const cancelled = (await checkout({ discount_code: name })).body as unknown as TestOrder;
    const limiting = await database.transaction();
    await limiting('discount_codes').where({ code: name }).update({ uses: to });
    const cancelling = ask(`${cancelled.order_url}/cancel`, {});
    const placing = checkout({ items: [{ sku: 'thimble', qty: 1 }], discount_code: name });
    await commitWhenWaiting(limiting, 2);
    expect((await placing).status).toBe(201);
    await cancelling;
    await becomes(shop, cancelled, { status: 'cancelled' });
    const free = to === null ? null : to - 1;
    expect(await accountOf(name)).toEqual({ free, held: 1, used: 0, issued: to, balanced: true });
    await database('discount_codes').where({ code: name }).update({ uses: 9 });
    expect(await accountOf(name)).toMatchObject({ free: 8, balanced: true });
  });

  test('that is wrong leaves the cart, and says so beside its field', async () => {
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    const { text: html } = await visitor.get('/cart/checkout');
    const fields = {
      key: fieldIn(html, 'key'),
      fingerprint: fieldIn(html, 'fingerprint'),
      totals: fieldIn(html, 'totals'),
      email: 'ada@reader.example',
      delivery: 'collect',
    };
    const wrong = await visitor.post('/cart/checkout', { ...fields, discount_code: '<b>x</b>' });
    expect(wrong.status).toBe(409);
    expect(wrong.text).toContain('id="discount_code-error"');
    expect(wrong.text).not.toContain('<b>x</b>');
    const name = await code({ percent: 50 });
    const applied = await visitor.post('/cart/checkout', { ...fields, discount_code: name, apply: '1' });
    expect(applied.status).toBe(200);
    expect(applied.text).toContain(`Discount ${name}`);
    // The page before had another total.
    expect((await visitor.post('/cart/checkout', { ...fields, discount_code: name })).status).toBe(409);
    const totals = fieldIn(applied.text, 'totals');
    expect((await visitor.post('/cart/checkout', { ...fields, totals, discount_code: name })).status).toBe(
      303,
    );
  });

  test('that does not exist is not looked up any more after twenty tries from one address', async () => {
    const name = await code({});
    const guess = (typed: string) => checkout({ discount_code: typed });
    let blocked = await guess('NO-SUCH-CODE');
    for (let tries = 1; tries < 21 && blocked.status === 409; tries += 1)
      blocked = await guess(`NO-SUCH-${tries}`);
    expect(blocked).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect((await guess(name)).status).toBe(429);
    expect((await checkout({})).status).toBe(201);
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    const { text: html } = await visitor.get('/cart/checkout');
    const fields = {
      key: fieldIn(html, 'key'),
      fingerprint: fieldIn(html, 'fingerprint'),
      discount_code: name,
      apply: '1',
    };
    expect((await visitor.post('/cart/checkout', fields)).text).toContain(
      'Too many codes were tried from here',
    );
  });

  test('that the given address has used counts as a try, by program and on the review', async () => {
    const name = await code({ uses_per_email: 1 });
    const email = 'tom@reader.example';
    const from = (network: string) => ({ 'x-forwarded-for': network });
    const buy = (address: string) => checkout({ discount_code: name, email }, from(address));
    expect((await buy('198.51.100.10')).status).toBe(201);
    for (let tries = 0; tries < 20; tries += 1) await buy('198.51.100.11');
    expect(await buy('198.51.100.11')).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    const apply = (address: string) =>
      visitor.post(
        '/cart/checkout',
        { discount_code: name, email: address, apply: '1' },
        from('198.51.100.12'),
      );
    for (let tries = 0; tries < 20; tries += 1) {
      expect((await apply('eve@other.example')).text).toContain('The code is in the total');
      expect((await apply(email)).text).toContain('This code was used with this e-mail address');
    }
    expect((await apply(email)).text).toContain('Too many codes were tried from here');
  });
});
