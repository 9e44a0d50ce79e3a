import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeOrder as placeRow } from '../../src/database/transactions/place-order.ts';
import { checkoutWorkflowId } from '../../src/database/workflow-ids.ts';
import { statementsOf } from '../../src/shared/statement.ts';
import { fieldIn, Visitor } from '../support/browser.ts';
import { type Answer, ask, pay, type TestOrder } from '../support/orders.ts';
import { typedDelivery } from '../support/page-orders.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { stripeClient } from '../support/stripe-simulator.ts';

// Orders that are delivered: what they cost, where they go, and what is refused.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '600' });
});

afterAll(() => shop?.close());

const berlin = {
  name: 'Jörg',
  line1: 'Weg 1',
  line2: null,
  postalCode: '10115',
  city: 'Berlin',
  region: null,
  country: 'DE',
  phone: null,
};

const { delivery: _express, ...ada } = typedDelivery;

function checkout(body: object): Promise<Answer> {
  return ask(`${shop.shopUrl}/checkout/${randomUUID()}`, { items: [{ sku: 'shackle', qty: 2 }], ...body });
}

/** What the engine stores of the input of a checkout. */
async function inputOf(key: string): Promise<string | undefined> {
  const id = checkoutWorkflowId(key);
  const input = await shop.database('dbos.workflow_input').where({ workflow_uuid: id }).first('inputs');
  return input?.inputs;
}

function rowOf({ body }: Answer) {
  return shop.database('orders').where({ order_id: body['order_id'] }).first();
}

test('an order without a delivery is collected, and costs its products', async () => {
  const answer = await checkout({});
  expect(answer).toMatchObject({ status: 201, body: { total: 3780 } });
  expect(await rowOf(answer)).toMatchObject({
    subtotal_cents: 3780,
    delivery_cents: 0,
    delivery_method: 'collect',
    address: null,
  });
});

test('a delivery is paid with the order, and its address goes to the provider', async () => {
  const answer = await checkout({ delivery: { method: 'standard', address: ada }, amount: 4470 });
  expect(answer).toMatchObject({ status: 201, body: { total: 4470 } });
  expect(await rowOf(answer)).toMatchObject({
    subtotal_cents: 3780,
    delivery_cents: 690,
    total_cents: 4470,
    delivery_name: 'Standard delivery',
    delivery_days_from: 3,
    delivery_days_to: 6,
    address: { name: 'Ada Reader', region: 'OR', country: 'US' },
  });
  await pay(shop, answer.body as unknown as TestOrder);
  const stripe = stripeClient(Number(new URL(shop.paymentUrl).port), secretKey);
  const session = await stripe.checkout.sessions.retrieve(String(answer.body['payment_id']), {
    expand: ['payment_intent'],
  });
  expect(session).toMatchObject({
    amount_total: 4470,
    payment_intent: {
      shipping: {
        name: 'Ada Reader',
        address: {
          line1: '742 Evergreen Terrace',
          city: 'Springfield',
          state: 'OR',
          postal_code: '97403',
          country: 'US',
        },
      },
    },
  });
});

test('the address is once in the input of a checkout, and not at all when the order is collected', async () => {
  const inputs = [];
  for (const method of ['standard', 'collect']) {
    const key = randomUUID();
    const body = { items: [{ sku: 'shackle', qty: 1 }], delivery: { method, address: ada } };
    expect(await ask(`${shop.shopUrl}/checkout/${key}`, body)).toMatchObject({ status: 201 });
    expect(await ask(`${shop.shopUrl}/checkout/${key}`, body), 'again').toMatchObject({ status: 200 });
    inputs.push(await inputOf(key));
  }
  expect(inputs.map((input) => (input ?? '').split(ada.line1).length - 1)).toEqual([1, 0]);
});

test('the terms in an input of an earlier build are read again', async () => {
  const [terms] = await shop.database('terms').select('version');
  const delivery = {
    method: 'standard',
    name: 'Standard',
    cents: 690,
    daysFrom: null,
    daysTo: null,
    address: berlin,
  };
  const order = {
    checkoutKey: randomUUID(),
    requestHash: '0'.repeat(64),
    items: [{ sku: 'shackle', qty: 1 }],
    browserId: null,
    email: null,
    shownCents: 2580,
    holdSeconds: 600,
    delivery: { method: 'standard', address: berlin },
  };
  const quoted = { version: Number(terms.version), subtotalCents: 1890, delivery };
  const input = { order, requestId: randomUUID(), terms: quoted };
  expect(await placeRow(statementsOf(shop.shopDatabase), input, null)).toMatchObject({
    outcome: 'placed',
    order: { totalCents: 2580, delivery: { name: 'Standard delivery', address: berlin } },
  });
});

test('heavier and more valuable orders have their own price', async () => {
  const delivery = { method: 'standard', address: ada };
  const total = async (items: object[]) => (await checkout({ items, delivery })).body['total'];
  expect(await total([{ sku: 'bell', qty: 1 }])).toBe(14_900);
  expect(await total([{ sku: 'thimble', qty: 200 }])).toBe(90_000);
  expect(await total([{ sku: 'shackle', qty: 5 }])).toBe(9_450 + 690);
});

test.each([
  ['a method that the shop does not have', { method: 'drone', address: ada }, 'unknown_method'],
  ['no address', { method: 'standard' }, 'address_missing'],
  [
    'a country without the method',
    { method: 'express', address: { ...ada, country: 'DE', postal_code: '10115' } },
    'country_not_served',
  ],
])('%s is refused, and the key keeps the answer', async (_, delivery, fault) => {
  const key = randomUUID();
  const again = () =>
    ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'shackle', qty: 1 }], delivery });
  const refused = { status: 409, body: { code: 'delivery_unavailable', fault } };
  expect(await again()).toMatchObject(refused);
  expect(await again()).toMatchObject(refused);
  expect(await inputOf(key), 'the address is in no workflow').toBeUndefined();
});

test.each([
  ['a postal code of another country', { postal_code: 'SW1A 1AA' }, 'postal_code'],
  ['a region of another country', { region: 'Bavaria' }, 'region'],
  ['300 characters in a line', { line1: 'x'.repeat(300) }, 'line1'],
  ['a NUL', { name: 'a\0b' }, 'name'],
  ['no country of this world', { country: 'XX' }, 'country'],
  ['a field that addresses do not have', { planet: 'Mars' }, 'planet'],
])('an address with %s names the field, and nothing is ordered', async (_, change, field) => {
  const { status, body } = await checkout({
    delivery: { method: 'standard', address: { ...ada, ...change } },
  });
  expect([status, body['code']]).toEqual([400, 'invalid_input']);
  expect(JSON.stringify(body)).toContain(field);
});

test('a request with another delivery under the same key is another request', async () => {
  const key = randomUUID();
  const send = (delivery: object | undefined) =>
    ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'shackle', qty: 1 }], delivery });
  expect(await send({ method: 'standard', address: ada })).toMatchObject({ status: 201 });
  expect(await send({ method: 'standard', address: ada })).toMatchObject({ status: 200 });
  expect(await send(undefined)).toMatchObject({ status: 422, body: { code: 'key_reused' } });
});

test('a price that changed since it was shown is refused, and one that nobody saw is charged as it is now', async () => {
  const delivery = { method: 'standard', address: ada };
  const price = shop.database('delivery_prices').where({ method: 'standard', from_grams: 0, from_cents: 0 });
  await price.clone().update({ price_cents: 790 });
  try {
    expect(await checkout({ delivery, amount: 4470 })).toMatchObject({
      status: 409,
      body: { code: 'price_changed', shown: 4470, total: 4570 },
    });
    expect(await checkout({ delivery })).toMatchObject({ status: 201, body: { total: 4570 } });
  } finally {
    await price.update({ price_cents: 690 });
  }
});

const amountsOfOneShackle = {
  subtotalCents: 1890,
  discountCents: 0,
  deliveryCents: 0,
  taxCents: 0,
  taxName: null,
  taxIncluded: false,
  deliveryTaxCents: 0,
  deliveryTaxRate: null,
  totalCents: 1890,
};

test('terms that change between a request and its placing are read again', async () => {
  const order = {
    checkoutKey: randomUUID(),
    requestHash: '0'.repeat(64),
    items: [{ sku: 'shackle', qty: 1 }],
    browserId: null,
    email: null,
    shownCents: null,
    holdSeconds: 600,
    delivery: { method: 'express', address: null },
  };
  const line = { sku: 'shackle', unitPriceCents: 1890, currency: 'USD' };
  const outdated = {
    version: 0,
    lines: [{ ...line, discountCents: 0, taxCents: 0, taxRate: null }],
    delivery: {
      method: 'express',
      name: 'For nothing',
      cents: 0,
      daysFrom: null,
      daysTo: null,
      address: null,
    },
    discount: null,
    amounts: amountsOfOneShackle,
  };
  const placed = await placeRow(
    statementsOf(shop.shopDatabase),
    { order, requestId: randomUUID(), quote: outdated },
    null,
  );
  expect(placed).toEqual({ outcome: 'refused', reason: 'delivery_unavailable' });
});

test('terms under which the total became more than one payment can be are refused', async () => {
  const price = shop.database('delivery_prices').where({ method: 'standard', from_grams: 0, from_cents: 0 });
  await price.clone().update({ price_cents: 99_999_999 });
  try {
    const order = {
      checkoutKey: randomUUID(),
      requestHash: '0'.repeat(64),
      items: [{ sku: 'shackle', qty: 1 }],
      browserId: null,
      email: null,
      shownCents: null,
      holdSeconds: 600,
      delivery: { method: 'standard', address: berlin },
    };
    const placed = await placeRow(statementsOf(shop.shopDatabase), { order, requestId: randomUUID() }, null);
    expect(placed).toEqual({ outcome: 'refused', reason: 'price_changed' });
    // As long as its workflow has the address, so that both are erased together.
    expect(await shop.database('orders').where({ checkout_key: order.checkoutKey }).first()).toMatchObject({
      address: berlin,
      delivery_method: null,
    });
    expect(await checkout({ delivery: { method: 'standard', address: ada } })).toMatchObject({
      status: 400,
      body: { code: 'invalid_input' },
    });
  } finally {
    await price.update({ price_cents: 690 });
  }
});

test.each([
  ['NULL', '{US,NULL}'],
  ['a word', '{US,Germany}'],
  ['two codes in one', '{USDE}'],
  ['small letters', '{us}'],
])('countries with %s are refused', async (_, countries) => {
  const method = { method: 'abroad', name: 'Abroad', needs_address: true, countries };
  await expect(shop.database('delivery_methods').insert(method)).rejects.toMatchObject({
    constraint: 'delivery_methods_countries_check',
  });
});

test('a method that needs an address is not collected', async () => {
  const method = { method: 'both', name: 'Both', needs_address: true, is_collected: true };
  await expect(shop.database('delivery_methods').insert(method)).rejects.toMatchObject({
    constraint: 'delivery_methods_is_collected_check',
  });
});

test('a method has a bounded number of prices, and a shop of methods; removed ones do not count', async () => {
  const many = (rows: number, row: (index: number) => object) =>
    Array.from({ length: rows }, (_, index) => row(index));
  const prices = many(101, (index) => ({
    method: 'express',
    currency: 'EUR',
    from_grams: index,
    price_cents: 100,
  }));
  await expect(shop.database('delivery_prices').insert(prices)).rejects.toMatchObject({
    constraint: 'delivery_prices_limit',
  });
  const methods = many(51, (index) => ({ method: `m${index}`, name: 'Mail', needs_address: false }));
  await expect(shop.database('delivery_methods').insert(methods)).rejects.toMatchObject({
    constraint: 'delivery_methods_limit',
  });
  const removed = methods.map((method) => ({ ...method, removed_at: new Date() }));
  await shop.database('delivery_methods').insert(removed);
  expect(await checkout({})).toMatchObject({ status: 201 });
});

describe('a product whose currency changes between a request and its placing', () => {
  const placing = async (shownCents: number | null) => {
    const items = [{ sku: 'shackle', qty: 1 }];
    const [terms] = await shop.database('terms').select('version');
    const order = {
      checkoutKey: randomUUID(),
      requestHash: '0'.repeat(64),
      items,
      browserId: null,
      email: null,
      shownCents,
      holdSeconds: 600,
    };
    const delivery = {
      method: 'collect',
      name: 'Collect',
      cents: 0,
      daysFrom: null,
      daysTo: null,
      address: null,
    };
    const line = { sku: 'shackle', unitPriceCents: 1890, currency: 'EUR' };
    const quote = {
      version: Number(terms.version),
      lines: [{ ...line, discountCents: 0, taxCents: 0, taxRate: null }],
      delivery,
      discount: null,
      amounts: amountsOfOneShackle,
    };
    return placeRow(statementsOf(shop.shopDatabase), { order, requestId: randomUUID(), quote }, null);
  };

  test('is not sold for the same number that was shown in the other currency', async () => {
    expect(await placing(1890)).toEqual({ outcome: 'refused', reason: 'price_changed' });
  });

  test('is sold in its present currency when no total was shown', async () => {
    expect(await placing(null)).toMatchObject({
      outcome: 'placed',
      order: { totalCents: 1890, currency: 'USD' },
    });
  });
});

describe('in a browser', () => {
  const typed = { ...ada, email: 'ada@reader.example', delivery: 'standard' };

  async function reviewOf(visitor: Visitor): Promise<{ html: string; form: Record<string, string> }> {
    const { text: html } = await visitor.get('/cart/checkout');
    return { html, form: { key: fieldIn(html, 'key'), fingerprint: fieldIn(html, 'fingerprint') } };
  }

  async function withCart(): Promise<Visitor> {
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
    return visitor;
  }

  test('the review offers every delivery with its price, the order has the chosen one, and the next review its address', async () => {
    const visitor = await withCart();
    const { html, form } = await reviewOf(visitor);
    for (const text of ['Collect at the shop', 'Standard delivery', '$6.90', '$44.70', 'to 19 countries']) {
      expect(html).toContain(text);
    }
    expect(await visitor.post('/cart/checkout', { ...form, ...typed })).toMatchObject({ status: 303 });
    const [order] = await shop.database('orders').where({ checkout_key: form['key'] });
    expect(order).toMatchObject({ total_cents: 4470, address: { name: 'Ada Reader', region: 'OR' } });
    const { text: page } = await visitor.get(`/orders/${order.token}`);
    for (const text of ['$37.80', '$6.90', '$44.70', 'Springfield, OR 97403', 'United States']) {
      expect(page).toContain(text);
    }
    await visitor.post('/cart/lines', { sku: 'thimble', qty: '1' });
    const { html: next } = await reviewOf(visitor);
    expect(next).toContain('value="742 Evergreen Terrace"');
    expect(next).toMatch(/id="delivery-standard"[^>]*checked/);
    expect(next).toMatch(/<option value="US" selected>/);
  });

  test('a cart that is sent again with another delivery leads to its order, which says that it keeps the first one', async () => {
    const visitor = await withCart();
    const { form } = await reviewOf(visitor);
    const first = { ...form, ...typed };
    const { location } = await visitor.post('/cart/checkout', first);
    expect(location).toContain(shop.paymentUrl);
    expect(await visitor.post('/cart/checkout', first), 'the same again').toMatchObject({ location });
    const [order] = await shop.database('orders').where({ checkout_key: form['key'] });
    for (const change of [
      { delivery: 'express' },
      { delivery: 'collect' },
      { line1: '1 Evergreen Terrace' },
    ]) {
      const answer = await visitor.post('/cart/checkout', { ...first, ...change });
      expect(answer).toMatchObject({ status: 303, location: `/orders/${order.token}?delivery=first` });
    }
    const { text } = await visitor.get(`/orders/${order.token}?delivery=first`);
    expect(text).toContain('To have it delivered in another way, cancel this order, then order again.');
    const standard = shop.database('delivery_methods').where({ method: 'standard' });
    await standard.clone().update({ removed_at: new Date() });
    try {
      expect(await visitor.post('/cart/checkout', first), 'without its method').toMatchObject({ location });
    } finally {
      await standard.update({ removed_at: null });
    }
    expect(await shop.database('orders').where({ checkout_key: form['key'] })).toHaveLength(1);
  });

  test('each fault of an address is told at its field, and everything typed stays', async () => {
    const visitor = await withCart();
    const { form } = await reviewOf(visitor);
    const wrong = { postal_code: 'SW1A 1AA', name: '', city: '<script>alert(1)</script>' };
    const { status, text } = await visitor.post('/cart/checkout', { ...form, ...typed, ...wrong });
    expect(status).toBe(400);
    expect(text).toMatch(/id="name-error"[^]*Enter a name/);
    expect(text).toMatch(/id="postalCode-error"[^]*postal code of this country/);
    expect(text).toContain('value="&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(text).toContain('value="742 Evergreen Terrace"');
    expect(await visitor.post('/cart/checkout', { ...form, ...typed })).toMatchObject({ status: 303 });
  });

  test.each(['\0', 'USA', '<b>', '%00'])(
    'the country %j, which no list offers, is asked for again',
    async (country) => {
      const visitor = await withCart();
      const { form } = await reviewOf(visitor);
      const { status, text } = await visitor.post('/cart/checkout', { ...form, ...typed, country });
      expect([status, text]).toEqual([400, expect.stringMatching(/id="country-error"/)]);
    },
  );

  test('a country that the method does not serve is told at the choice', async () => {
    const visitor = await withCart();
    const { form } = await reviewOf(visitor);
    const abroad = { country: 'DE', postal_code: '10115', region: '', delivery: 'express' };
    const { status, text } = await visitor.post('/cart/checkout', { ...form, ...typed, ...abroad });
    expect([status, text]).toEqual([
      409,
      expect.stringMatching(/id="delivery-error"[^]*do not deliver to that country/),
    ]);
  });

  test('a delivery that one payment cannot be for, or that has no price in the currency, is not offered, nor its countries', async () => {
    const visitor = await withCart();
    const price = shop
      .database('delivery_prices')
      .where({ method: 'standard', from_grams: 0, from_cents: 0 });
    await price.clone().update({ price_cents: 99_999_999 });
    try {
      const { text } = await visitor.get('/cart/checkout');
      expect(text).not.toContain('Standard delivery');
      expect(text).toContain('Express delivery');
      expect(text).toContain('<option value="US"');
      expect(text).not.toContain('<option value="DE"');
    } finally {
      await price.update({ price_cents: 690 });
    }
  });

  test('a country that does not exist is not offered, and a method without prices in the currency is not either', async () => {
    const express = shop.database('delivery_methods').where({ method: 'express' });
    const standard = shop.database('delivery_prices').where({ method: 'standard' });
    await express.clone().update({ countries: ['US', 'XX'] });
    await standard.clone().update({ currency: 'EUR' });
    try {
      const { text } = await (await withCart()).get('/cart/checkout');
      expect(text).toContain('Express delivery');
      expect(text).toContain('<option value="US"');
      for (const absent of ['Standard delivery', '<option value="XX"', '<option value="DE"']) {
        expect(text).not.toContain(absent);
      }
    } finally {
      await express.update({ countries: ['US'] });
      await standard.update({ currency: 'USD' });
    }
  });

  test('without any method the review says that nothing is delivered', async () => {
    const visitor = await withCart();
    const offered = await shop.database('delivery_methods').whereNull('removed_at').pluck<string[]>('method');
    const methods = shop.database('delivery_methods').whereIn('method', offered);
    await methods.clone().update({ removed_at: new Date() });
    try {
      const { text } = await visitor.get('/cart/checkout');
      expect(text).toContain('The shop has no way to deliver this at the moment.');
      expect(text).not.toContain('Order and pay');
      expect(await checkout({})).toMatchObject({
        status: 409,
        body: { code: 'delivery_unavailable', fault: 'address_missing' },
      });
    } finally {
      await methods.update({ removed_at: null });
    }
  });

  test('a method that is removed, or a price that changes, while the review is open is shown before anything is ordered', async () => {
    const visitor = await withCart();
    const { form } = await reviewOf(visitor);
    const express = shop.database('delivery_methods').where({ method: 'express' });
    await express.clone().update({ removed_at: new Date() });
    try {
      const answer = await visitor.post('/cart/checkout', { ...form, ...typed, delivery: 'express' });
      expect([answer.status, answer.text]).toEqual([
        409,
        expect.stringContaining('has changed since this page was shown'),
      ]);
      expect(answer.text).not.toContain('Express delivery');
      const [order] = await shop.database('orders').where({ checkout_key: form['key'] });
      expect(order).toBeUndefined();
    } finally {
      await express.update({ removed_at: null });
    }
  });
});
