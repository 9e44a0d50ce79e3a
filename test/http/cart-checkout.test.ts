import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, fieldIn, Visitor } from '../support/browser.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

let shop: TestShop;
let visitor: Visitor;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '0.2' });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

beforeEach(async () => {
  visitor = new Visitor(shop.shopUrl);
  await visitor.post('/cart/lines', { sku: 'shackle', qty: '2' });
});

type Form = Readonly<Record<string, string>>;

/** The fields of the review's form. */
async function review(changes: Form = {}): Promise<Form> {
  const { text } = await visitor.get('/cart/checkout');
  return {
    key: fieldIn(text, 'key'),
    fingerprint: fieldIn(text, 'fingerprint'),
    email: 'ann@example.com',
    ...changes,
  };
}

async function order(form: Form): Promise<Answer> {
  return visitor.post('/cart/checkout', form);
}

async function ordersOf({ key }: Form) {
  return shop.database('orders').where('checkout_key', key ?? '');
}

async function becomes(form: Form, status: string): Promise<void> {
  await waitFor(
    `an order that is ${status}`,
    () => ordersOf(form),
    ([row]) => row?.status === status,
  );
}

/** The provider does not answer about a payment. */
async function silenceProvider(form: Form): Promise<void> {
  const [{ order_id: orderId }] = await ordersOf(form);
  const { session_id: sessionId } = await shop.database('payments').where({ order_id: orderId }).first();
  const response = await fetch(`${shop.paymentUrl}/control/sessions/${sessionId}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: { api_error_before: 1 } }),
  });
  expect(response.ok).toBe(true);
}

async function pay(form: Form): Promise<void> {
  const [row] = await shop
    .database('payments')
    .join('orders', 'orders.order_id', 'payments.order_id')
    .where('checkout_key', form['key'] ?? '')
    .select('session_id');
  await fetch(`${shop.shopUrl}/payment_webhook/${row.session_id}/paid`, { method: 'POST' });
}

test('a cart is reviewed, ordered, paid, and empty afterwards; the order is in “Your orders”', async () => {
  const form = await review();
  const placed = await order(form);
  expect(placed.status).toBe(303);
  expect(placed.location).toContain(shop.paymentUrl);
  expect(await ordersOf(form)).toMatchObject([
    { status: 'pending', email: 'ann@example.com', total_cents: 3780 },
  ]);
  expect((await visitor.get('/cart')).text).toContain('waits for your payment');
  await pay(form);
  await becomes(form, 'dispatched');
  expect((await visitor.get('/cart')).text).toContain('Your cart is empty.');
  const [row] = await ordersOf(form);
  expect((await visitor.get('/your-orders')).text).toContain(`/orders/${row.token}`);
  const stranger = new Visitor(shop.shopUrl);
  expect((await stranger.get('/your-orders')).text).not.toContain('/orders/');
  await stranger.post('/cart/lines', { sku: 'shackle', qty: '1' });
  expect((await stranger.get('/your-orders')).text).not.toContain('/orders/');
});

describe('an e-mail address that looks mistyped', () => {
  const mistyped = 'ada@gmial.com';

  test('is questioned once, and ordered with as it is', async () => {
    const form = await review({ email: mistyped });
    const asked = await order(form);
    expect(asked.status).toBe(400);
    expect(asked.text).toContain('Did you mean ada@gmail.com?');
    expect(fieldIn(asked.text, 'kept')).toBe(mistyped);
    expect(await ordersOf(form)).toEqual([]);
    expect((await order({ ...form, kept: mistyped })).status).toBe(303);
    expect(await ordersOf(form)).toMatchObject([{ email: mistyped }]);
  });

  test('is replaced by the suggested one with one press', async () => {
    const form = await review({ email: mistyped });
    const [, take = ''] = /name="take" value="([^"]*)"/.exec((await order(form)).text) ?? [];
    expect((await order({ ...form, kept: mistyped, take })).status).toBe(303);
    expect(await ordersOf(form)).toMatchObject([{ email: 'ada@gmail.com' }]);
  });

  test('is questioned again when it was changed, and not beside another fault', async () => {
    const form = await review({ email: 'ada@hotmial.com', kept: mistyped });
    expect((await order(form)).text).toContain('Did you mean ada@hotmail.com?');
    const faulty = await order({ ...form, email: 'ada at gmial.com' });
    expect(faulty.text).not.toContain('Did you mean');
  });
});

describe('one order', () => {
  test('of a form that is sent five times at once, and again after it was paid', async () => {
    const form = await review();
    const answers = await Promise.all(Array.from({ length: 5 }, () => order(form)));
    expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
    await pay(form);
    await becomes(form, 'dispatched');
    const again = await order(form);
    expect(again.location).toMatch(/^\/orders\//);
    expect(await ordersOf(form)).toHaveLength(1);
  });

  test('of two tabs that show the same cart', async () => {
    const [one, other] = [await review(), await review()];
    expect(one).toEqual(other);
    const answers = [await order(one), await order(other)];
    expect(answers[0]?.location).toBe(answers[1]?.location);
  });

  test('of a cart that is ordered already: its page shows it, and the cart offers to pay it', async () => {
    const form = await review();
    await order(form);
    const [{ token }] = await ordersOf(form);
    expect((await visitor.get('/cart/checkout')).location).toBe(`/orders/${token}`);
    const { text } = await visitor.get('/cart');
    expect(text).toContain('>Pay $37.80<');
    expect(text).not.toContain('href="/cart/checkout"');
  });

  test('whose e-mail address is corrected and sent again', async () => {
    const form = await review({ email: 'anm@example.com' });
    const first = await order(form);
    expect((await order({ ...form, email: 'ann@example.com' })).location).toBe(first.location);
    expect(await ordersOf(form)).toMatchObject([{ email: 'ann@example.com' }]);
    const stranger = new Visitor(shop.shopUrl);
    await stranger.post('/cart/lines', { sku: 'shackle', qty: '2' });
    await stranger.post('/cart/checkout', { ...form, email: 'eve@example.com' });
    expect(await ordersOf(form)).toMatchObject([{ email: 'ann@example.com' }]);
  });

  test('of fewer units than the cart asked for empties the cart when it is paid', async () => {
    await visitor.post('/cart/lines', { sku: 'turnbuckle', qty: '900' });
    const form = await review();
    await order(form);
    expect((await visitor.get('/cart')).text).not.toContain('cart-note');
    await pay(form);
    await becomes(form, 'dispatched');
    expect((await visitor.get('/cart')).text).toContain('Your cart is empty.');
  });

  test('leaves the cart when it is paid, and the rest of the cart can be ordered', async () => {
    const first = await review();
    await order(first);
    await visitor.post('/cart/lines', { sku: 'thimble', qty: '1' });
    const both = await review();
    await order(both);
    await pay(first);
    await becomes(first, 'dispatched');
    const left = await review();
    expect(left['key']).not.toBe(both['key']);
    expect((await visitor.get('/cart')).text).toContain('$4.50');
    expect((await order(left)).location).toContain(shop.paymentUrl);
    expect(await ordersOf(left)).toMatchObject([{ total_cents: 450 }]);
  });

  test('and a second one for products that were added after it', async () => {
    const first = await review();
    await order(first);
    await visitor.post('/cart/lines', { sku: 'thimble', qty: '1' });
    const second = await review();
    expect(second['key']).not.toBe(first['key']);
    expect((await order(second)).location).toContain(shop.paymentUrl);
    await pay(first);
    await becomes(first, 'dispatched');
    expect((await visitor.get('/cart')).text).toContain('Rope Thimble');
    expect((await visitor.get('/cart')).text).not.toContain('Bow Shackle</a>');
  });
});

describe('the review is shown again, with the reason, after', () => {
  async function refusedWith(form: Form, status: number, words: string): Promise<string> {
    const answer = await order(form);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
    expect(answer.text).toContain('class="error-summary"');
    return answer.text;
  }

  test.each([
    ['', 'Enter your e-mail address.'],
    ['ann', 'Enter an e-mail address such as'],
    [`${'a'.repeat(250)}@example.com`, 'An e-mail address has 254 characters at most.'],
    [`${'a'.repeat(20_000)}@example.com`, 'An e-mail address has 254 characters at most.'],
    ['<script>alert(1)</script>@example.com', 'Enter an e-mail address such as'],
  ])('the address "%.40s"', async (email, words) => {
    const form = await review({ email });
    const page = await refusedWith(form, 400, words);
    expect(page).toContain('aria-invalid="true"');
    expect(page).not.toContain('<script>alert');
    expect(fieldIn(page, 'key')).toBe(form['key']);
    expect(await ordersOf(form)).toEqual([]);
  });

  test('a price that changed since the review', async () => {
    const form = await review();
    const price = shop.database('products').where('sku', 'shackle');
    await price.clone().update({ price_cents: 2000 });
    const page = await refusedWith(form, 409, 'has changed since this page was shown');
    expect(page).toContain('It costs $20.00 now. It was $18.90');
    expect(page).toContain('$40.00');
    expect(await ordersOf(form)).toEqual([]);
    expect((await order({ ...form, fingerprint: fieldIn(page, 'fingerprint') })).status).toBe(303);
    await price.clone().update({ price_cents: 1890 });
  });

  test('stock that was sold since the review, with the units that are left', async () => {
    await visitor.post('/cart/lines', { sku: 'bell', qty: '3' });
    const form = await review();
    const stock = shop.database('stock').where('product_id', 8);
    const [{ available }] = await stock.clone().select();
    await stock.clone().update({ available: 1 });
    const page = await refusedWith(form, 409, 'has changed since this page was shown');
    expect(page).toContain('Only 1 left, so your cart counts 1 instead of 3.');
    expect(page).toContain('$186.80');
    await stock.clone().update({ available });
  });

  test('the last unit for two shoppers at once: one gets it, the other reads that it is sold out', async () => {
    const stock = shop.database('stock').where('product_id', 8);
    const [{ available }] = await stock.clone().select();
    await stock.clone().update({ available: 1 });
    const both = [new Visitor(shop.shopUrl), new Visitor(shop.shopUrl)];
    const answers = await Promise.all(
      both.map(async (one) => {
        await one.post('/cart/lines', { sku: 'bell', qty: '1' });
        const { text } = await one.get('/cart/checkout');
        const form = {
          key: fieldIn(text, 'key'),
          fingerprint: fieldIn(text, 'fingerprint'),
          email: 'ann@example.com',
        };
        return one.post('/cart/checkout', form);
      }),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.text).toContain('Sold out. It stays here');
    await shop
      .database('stock')
      .where('product_id', 8)
      .update({ available: available - 1 });
  });

  test('a sixth order while five wait for their payment', async () => {
    for (let placed = 0; placed < 5; placed += 1) {
      expect((await order(await review())).status).toBe(303);
      await visitor.post('/cart/lines', { sku: 'thimble', qty: '1' });
    }
    await refusedWith(await review(), 409, '5 of your orders wait for their payment already.');
  });

  test('other products for the same total', async () => {
    const stock = (sku: string) =>
      shop
        .database('stock')
        .whereIn('product_id', shop.database('products').select('product_id').where({ sku }));
    const price = shop.database('products').where('sku', 'thimble');
    await visitor.post('/cart/lines', { sku: 'thimble', qty: '2' });
    await price.clone().update({ price_cents: 1890 });
    const [thimbles] = await stock('thimble').select();
    const [shackles] = await stock('shackle').select();
    await stock('thimble').update({ available: 1 });
    const form = await review();
    await stock('thimble').update({ available: 2 });
    await stock('shackle').update({ available: 1 });
    await refusedWith(form, 409, 'has changed since this page was shown');
    expect(await ordersOf(form)).toEqual([]);
    await stock('thimble').update({ available: thimbles.available });
    await stock('shackle').update({ available: shackles.available });
    await price.clone().update({ price_cents: 450 });
  });

  test('a cart in two currencies, which the review shows as well', async () => {
    const thimble = shop.database('products').where('sku', 'thimble');
    await visitor.post('/cart/lines', { sku: 'thimble', qty: '1' });
    await thimble.clone().update({ currency: 'EUR' });
    const words = 'priced in different currencies';
    for (const path of ['/cart', '/cart/checkout']) {
      const { text } = await visitor.get(path);
      expect(text).toContain(words);
      expect(text).not.toMatch(/href="\/cart\/checkout"|name="key"/);
    }
    await thimble.clone().update({ currency: 'USD' });
  });

  test('a cancelled order: it is not placed again, and the cart is shown', async () => {
    const form = await review();
    await order(form);
    const [{ token }] = await ordersOf(form);
    await visitor.post(`/orders/${token}/cancel`, {});
    await becomes(form, 'cancelled');
    await refusedWith({ ...form, email: 'bob@example.com' }, 409, 'That order was cancelled.');
  });

  test('an expired hold whose payment is being checked: shown, and not offered for payment', async () => {
    const form = await review();
    const placed = await order(form);
    await silenceProvider(form);
    await shop
      .database('orders')
      .where('checkout_key', form['key'] ?? '')
      .update({ hold_expires_at: shop.database.raw(`now() - interval '1 second'`) });
    const { text } = await visitor.get('/cart');
    expect(text).toContain('We are asking whether a payment arrived.');
    expect(text).not.toContain('/pay/');
    expect((await order(form)).location).not.toBe(placed.location);
  });

  test('a cart that another tab changed since the review', async () => {
    const form = await review();
    await visitor.post('/cart/lines', { sku: 'thimble', qty: '1' });
    const page = await refusedWith(form, 409, 'Your cart was changed since this page was shown.');
    expect(fieldIn(page, 'key')).not.toBe(form['key']);
    expect(await ordersOf(form)).toEqual([]);
  });

  test.each([
    ['a key that is none', { key: '../../etc' }],
    ['no key', { key: '' }],
    ['a key of somebody else’s order', { key: 'somebody-else' }],
  ])('%s', async (_name, changes) => {
    await fetch(`${shop.shopUrl}/checkout/somebody-else`, { method: 'POST' });
    await refusedWith(await review(changes), 409, 'Your cart was changed since');
  });

  test.each([['abc'], ['<b>'], ['']])('a wrong review fingerprint, "%s"', async (fingerprint) => {
    await refusedWith(await review({ fingerprint }), 409, 'has changed since this page was shown');
  });
});

test('a cancelled checkout links back to the unchanged cart, which can be ordered again', async () => {
  const form = await review();
  await order(form);
  const [{ token }] = await ordersOf(form);
  await visitor.post(`/orders/${token}/cancel`, {});
  await becomes(form, 'cancelled');
  expect((await visitor.get(`/orders/${token}`)).text).toContain('Back to your cart');
  const again = await review();
  expect(again['fingerprint']).toBe(form['fingerprint']);
  expect(again['key']).not.toBe(form['key']);
  expect((await order(again)).location).toContain(shop.paymentUrl);
});

test('somebody else’s key does not show their order', async () => {
  const form = await review();
  await order(form);
  const stranger = new Visitor(shop.shopUrl);
  await stranger.post('/cart/lines', { sku: 'shackle', qty: '2' });
  const answer = await stranger.post('/cart/checkout', form);
  expect(answer.status).toBe(409);
  expect(answer.location).toBeNull();
});

test('without a cart there is nothing to check out', async () => {
  const stranger = new Visitor(shop.shopUrl);
  expect((await stranger.get('/cart/checkout')).location).toBe('/cart');
  expect((await stranger.post('/cart/checkout', {})).location).toBe('/cart');
});

test('a script receives the next address, or the page to show', async () => {
  const json = { accept: 'application/json' };
  const form = await review();
  const refused = await visitor.post('/cart/checkout', { ...form, email: '' }, json);
  expect(refused.status).toBe(400);
  expect(refused.headers.get('content-type')).toContain('text/html');
  expect(refused.text).toContain('class="error-summary"');
  const answer = await visitor.post('/cart/checkout', form, json);
  expect(JSON.parse(answer.text)).toEqual({ location: expect.stringContaining(shop.paymentUrl) });
});
