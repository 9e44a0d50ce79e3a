import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fieldIn, Visitor } from '../support/browser.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

let shop: TestShop;
let visitor: Visitor;

beforeAll(async () => {
  shop = await startTestShop();
});

afterAll(() => shop.close());

beforeEach(() => {
  visitor = new Visitor(shop.shopUrl);
});

function add(sku: string, qty = 1): ReturnType<Visitor['post']> {
  return visitor.post('/cart/lines', { sku, qty: String(qty) });
}

async function cartRows(): Promise<unknown[]> {
  return shop.database('cart_lines').join('carts', 'carts.browser_id', 'cart_lines.browser_id').select();
}

describe('the cookie', () => {
  test('is set with the first product in the cart, and contains only a random id', async () => {
    expect((await visitor.get('/')).headers.getSetCookie()).toEqual([]);
    expect((await visitor.get('/cart')).headers.getSetCookie()).toEqual([]);
    const [cookie = ''] = (await add('cleat')).headers.getSetCookie();
    expect(cookie).toMatch(/^browser=[\w-]{22}\.[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test.each(['tampered with', 'unsigned', 'signed by another', 'empty', 'long'])(
    '%s: it is ignored, the cart is empty, and the next product sets a fresh one',
    async (kind) => {
      await add('cleat');
      const [id = '', signature = ''] = decodeURIComponent(visitor.cookie.split('=')[1] ?? '').split('.');
      const other = `${id.startsWith('A') ? 'B' : 'A'}${id.slice(1)}`;
      const forged: Record<string, string> = {
        'tampered with': `${other}.${signature}`,
        unsigned: id,
        'signed by another': `${id}.${'A'.repeat(43)}`,
        empty: '',
        long: 'A'.repeat(4000),
      };
      const before = await cartRows();
      visitor.forge('browser', encodeURIComponent(forged[kind] ?? ''));
      expect((await visitor.get('/cart')).text).toContain('Your cart is empty');
      expect((await visitor.get('/your-orders')).status).toBe(200);
      expect((await visitor.post('/cart/lines/cleat', { qty: '7' })).status).toBe(303);
      expect(await cartRows()).toEqual(before);
      expect((await add('bell')).headers.getSetCookie()).toHaveLength(1);
      expect(await cartRows()).toHaveLength(before.length + 1);
    },
  );

  test('is restricted to https and to this host, where the shop has https', async () => {
    const { signedBrowsers } = await import('../../src/http/browsers.ts');
    const set: unknown[] = [];
    const reply = { setCookie: (...cookie: unknown[]) => set.push(cookie) };
    signedBrowsers({ secure: true }).ensure({ cookies: {} } as never, reply as never);
    expect(set).toMatchObject([['__Host-browser', expect.any(String), { secure: true, path: '/' }]]);
  });
});

describe('a cart', () => {
  test('adds, changes and removes products, and is the same in every tab', async () => {
    expect((await add('shackle', 2)).location).toBe('/cart?added=shackle');
    await add('shackle', 3);
    await add('bell');
    const cart = await visitor.get('/cart');
    expect(fieldIn(cart.text, 'qty')).toBe('5');
    expect(cart.text).toContain('$243.50');
    expect(cart.text).toContain('Cart, 6 units');
    await visitor.post('/cart/lines/shackle', { qty: '1' });
    expect((await visitor.get('/cart')).text).toContain('$167.90');
    expect((await visitor.post('/cart/lines/bell', { qty: '0' })).location).toBe('/cart?removed=bell&qty=1');
    const removed = await visitor.post('/cart/lines/shackle/remove', {});
    const after = await visitor.get(removed.location ?? '');
    expect(after.text).toContain('Bow Shackle is out of your cart.');
    expect((await visitor.get('/cart?removed=bell&qty=40')).text).toContain('>Put 40 back<');
    expect((await visitor.get('/cart?added=bell')).text).not.toContain('is in your cart');
    expect(after.text).toContain('Your cart is empty.');
  });

  test('of another browser is out of reach', async () => {
    await add('cleat', 3);
    const other = new Visitor(shop.shopUrl);
    expect((await other.get('/cart')).text).toContain('Your cart is empty.');
    await other.post('/cart/lines', { sku: 'bell', qty: '1' });
    await other.post('/cart/lines/cleat', { qty: '9' });
    await other.post('/cart/lines/cleat/remove', {});
    expect(fieldIn((await visitor.get('/cart')).text, 'qty')).toBe('3');
  });

  test('shows missing units, keeps the wanted quantity, and returns to it when stock arrives', async () => {
    await add('bell', 3);
    const stock = shop.database('stock').where('product_id', 8);
    await stock.clone().update({ available: 2 });
    const fewer = await visitor.get('/cart');
    expect(fewer.text).toContain('Only 2 left, so your cart counts 2 instead of 3.');
    expect(fieldIn(fewer.text, 'qty')).toBe('2');
    await stock.clone().update({ available: 0 });
    const none = await visitor.get('/cart');
    expect(none.text).toContain('Sold out.');
    expect(none.text).toContain('Nothing in it can be ordered at the moment.');
    expect(none.text).not.toContain('href="/cart/checkout"');
    await stock.clone().update({ available: 3 });
    const again = await visitor.get('/cart');
    expect(again.text).not.toContain('cart-note');
    expect(fieldIn(again.text, 'qty')).toBe('3');
  });

  test('shows that the rest is held by another order of this browser', async () => {
    await add('bell', 3);
    const form = await visitor.get('/cart/checkout');
    const fields = {
      key: fieldIn(form.text, 'key'),
      fingerprint: fieldIn(form.text, 'fingerprint'),
      email: 'ann@example.com',
    };
    await visitor.post('/cart/checkout', fields);
    expect((await visitor.get('/cart')).text).not.toContain('cart-note');
    await add('cleat');
    const { text } = await visitor.get('/cart');
    expect(text).toContain('Sold out.');
    expect(text).toContain('3 more are held for you in an order that waits for its payment.');
  });

  test('shows a changed price until the shopper changes the line', async () => {
    await add('thimble');
    const price = shop.database('products').where('sku', 'thimble');
    await price.clone().update({ price_cents: 500 });
    expect((await visitor.get('/cart')).text).toContain(
      'It costs $5.00 now. It was $4.50 when you put it here.',
    );
    await visitor.post('/cart/lines/thimble', { qty: '2' });
    const seen = await visitor.get('/cart');
    await price.clone().update({ price_cents: 450 });
    expect(seen.text).not.toContain('cart-note');
    expect(seen.text).toContain('$10.00');
  });

  test('escapes everything that it shows', async () => {
    const hostile = '<script>alert(1)</script>';
    const product = shop.database('products').where('sku', 'block');
    await add('block');
    await product.clone().update({ product: hostile });
    for (const path of ['/cart', '/cart?added=block', '/cart?removed=block', '/cart/checkout']) {
      expect((await visitor.get(path)).text).not.toContain(hostile);
    }
    await product.clone().update({ product: 'Block and Pulley' });
  });

  test('is removed after thirty days without a change, and a younger one stays', async () => {
    await add('cleat');
    const younger = new Visitor(shop.shopUrl);
    await younger.post('/cart/lines', { sku: 'cleat', qty: '1' });
    const [{ browser_id: id }] = await shop
      .database('carts')
      .orderBy('updated_at', 'desc')
      .offset(1)
      .limit(1);
    await shop
      .database('carts')
      .where('browser_id', id)
      .update({ updated_at: shop.database.raw(`now() - interval '30 days 1 second'`) });
    await DBOS.triggerSchedule('housekeeping');
    await expect.poll(async () => (await visitor.get('/cart')).text).toContain('Your cart is empty.');
    expect((await younger.get('/cart')).text).toContain('Premium Quality Widget');
  });
});

test.each(['/cart/lines', '/cart/lines/cleat', '/cart/lines/cleat/remove'])(
  '%s, requested by GET, redirects to the cart',
  async (path) => {
    expect(await visitor.get(path)).toMatchObject({ status: 303, location: '/cart' });
  },
);

describe('a cart refuses', () => {
  test.each([
    ['/cart/lines', { sku: 'nothing', qty: '1' }, 'unknown_product'],
    ['/cart/lines', { sku: 'cleat', qty: '0' }, 'invalid_input'],
    ['/cart/lines', { sku: 'cleat', qty: '1001' }, 'invalid_input'],
    ['/cart/lines', { sku: 'cleat', qty: '1.5' }, 'invalid_input'],
    ['/cart/lines', { sku: 'cleat', qty: 'many' }, 'invalid_input'],
    ['/cart/lines', { qty: '1' }, 'invalid_input'],
    ['/cart/lines', { sku: 'cleat', key: '<script>' }, 'invalid_input'],
    ['/cart/lines/%3Cscript%3E', { qty: '1' }, 'invalid_input'],
  ])('%s %j with %s, and stores nothing', async (path, form, code) => {
    await add('cleat');
    const before = await cartRows();
    const answer = await visitor.post(path, form, { accept: 'application/json' });
    expect(JSON.parse(answer.text)).toMatchObject({ code });
    expect(await cartRows()).toEqual(before);
  });

  test.each(['-1', '1001', '1.5', 'many', ''])('the quantity "%s", with a message', async (qty) => {
    await add('cleat', 4);
    const answer = await visitor.post('/cart/lines/cleat', { qty });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('A quantity is a whole number from 0 to 1000.');
    expect(fieldIn(answer.text, 'qty')).toBe('4');
  });

  test('more than a thousand units of one product', async () => {
    await add('cleat', 900);
    await add('cleat', 900);
    const [{ quantity }] = await shop.database('cart_lines').orderBy('added_at', 'desc').limit(1);
    expect(quantity).toBe(1000);
  });

  test('the fifty-first product, with a message, until there is room', async () => {
    const products = Array.from({ length: 50 }, (_, index) => ({
      sku: `many-${index}`,
      product: `One of many, ${index}`,
      description: '',
      price_cents: 100,
      currency: 'USD',
      image: '/assets/products/cleat.svg',
      restock_level: 0,
    }));
    const rows = await shop.database('products').insert(products).returning('product_id');
    await shop.database('stock').insert(rows.map(({ product_id }) => ({ product_id, available: 0 })));
    for (const { sku } of products) await add(sku);
    const form = { sku: 'cleat', qty: '1', key: 'the-fifty-first' };
    const refused = await visitor.post('/cart/lines', form);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('There are 50 products in your cart');
    expect((await add('many-1')).status).toBe(303);
    await visitor.post('/cart/lines/many-1/remove', {});
    await visitor.post('/cart/lines', form);
    expect((await visitor.get('/cart')).text).toContain('Premium Quality Widget');
  });

  test('a form of another site', async () => {
    await add('cleat');
    const before = await cartRows();
    const crossSite = { origin: 'https://other.example', accept: 'application/json' };
    for (const path of ['/cart/lines', '/cart/lines/cleat', '/cart/lines/cleat/remove', '/cart/checkout']) {
      const answer = await visitor.post(path, { sku: 'cleat', qty: '5' }, crossSite);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'cross_site' });
    }
    expect(await cartRows()).toEqual(before);
  });
});

test('a form that is sent again adds nothing more, and a fresh one does', async () => {
  const { text } = await visitor.get('/products/cleat');
  const form = { sku: 'cleat', qty: '2', key: fieldIn(text, 'key') };
  expect(fieldIn((await visitor.get('/products/cleat')).text, 'key')).not.toBe(form.key);
  await visitor.post('/cart/lines', form);
  await Promise.all([1, 2, 3].map(() => visitor.post('/cart/lines', form)));
  expect(fieldIn((await visitor.get('/cart')).text, 'qty')).toBe('2');
  await visitor.post('/cart/lines', { ...form, key: 'another' });
  expect(fieldIn((await visitor.get('/cart')).text, 'qty')).toBe('4');
});

test('a script that adds a product gets the number of units and the message', async () => {
  const answer = await visitor.post(
    '/cart/lines',
    { sku: 'shackle', qty: '2' },
    { accept: 'application/json' },
  );
  expect(JSON.parse(answer.text)).toEqual({
    units: 2,
    label: 'Cart, 2 units',
    message: 'Bow Shackle is in your cart.',
    short: 'In your cart.',
  });
  const count = await visitor.get('/cart', { accept: 'application/json' });
  expect(JSON.parse(count.text)).toEqual({ units: 2, label: 'Cart, 2 units' });
});

test('more than there is of a product: every way to ask for it gets a message, at the quantity in the cart', async () => {
  const more = { sku: 'turnbuckle', qty: '31' };
  const answer = await visitor.post('/cart/lines', more, { accept: 'application/json' });
  expect(JSON.parse(answer.text)).toEqual({
    units: 30,
    label: 'Cart, 30 units',
    message: 'Only 30 of Turnbuckle left, so your cart counts 30.',
    short: 'Only 30 left, all in your cart.',
  });
  expect((await visitor.get('/cart?added=turnbuckle')).text).toContain('so your cart counts 30.');
  await visitor.post('/cart/lines/turnbuckle', { qty: '500' });
  const { text } = await visitor.get('/cart');
  expect(text).toMatch(/<input [^>]*name="qty"[^>]*aria-describedby="notes-turnbuckle"/);
  expect(text).toMatch(/id="notes-turnbuckle"[^]*Only 30 left, so your cart counts 30 instead of 500\./);
});
