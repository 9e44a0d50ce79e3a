import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The pages of the products, as a browser without script gets them.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop();
});

afterAll(() => shop.close());

async function open(path: string, accept = 'text/html'): Promise<{ status: number; html: string }> {
  const answer = await fetch(shop.shopUrl + path, { headers: { accept } });
  return { status: answer.status, html: await answer.text() };
}

/** The products of a page, in its order. */
function skus(html: string): string[] {
  return [...html.matchAll(/<li class="product[^>]*id="([^"]+)"/g)].map(([, sku]) => sku ?? '');
}

const everything = [
  'cleat',
  'block',
  'shackle',
  'marlinspike',
  'snatch-hook',
  'thimble',
  'turnbuckle',
  'bell',
];

describe('a search', () => {
  test.each([
    ['rope', ['thimble']],
    ['ROPE', ['thimble']],
    ['  bell  ', ['bell']],
    ['bronze', ['cleat', 'block']],
    ['sheave bronze', ['block']],
    ['be\u0000ll', ['bell']],
    ['\u0000', everything],
    ['anchor', []],
    ['%', []],
    ['_', []],
    ['\\', []],
    [`'; drop table products; --`, []],
  ])('for "%s" finds %j', async (text, found) => {
    const { status, html } = await open(`/?${new URLSearchParams({ q: text }).toString()}`);
    expect([status, skus(html).toSorted()]).toEqual([200, found.toSorted()]);
  });

  test('shows the number of matches, also in its title, and keeps the text', async () => {
    const { html } = await open('/?q=bronze');
    expect(html).toContain('2 products match “bronze”.');
    expect(html).toContain('<title>2 products match “bronze” · Holdfast</title>');
    expect(html).toContain('name="q" value="bronze"');
  });

  test('without a match links to all products', async () => {
    const { html } = await open('/?q=anchor');
    expect(html).toContain('Nothing matches “anchor”.');
    expect(html).toMatch(/<a class="button primary" href="\/">All products/);
  });

  test('escapes the searched text', async () => {
    const { status, html } = await open(`/?q=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(status).toBe(200);
    expect(html).not.toContain('<script>');
    expect(html).toContain('value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  test('is cut at the length of its field', async () => {
    const { status, html } = await open(`/?q=${'é'.repeat(1000)}`);
    expect(status).toBe(200);
    expect(html).toContain(`name="q" value="${'é'.repeat(100)}"`);
  });
});

describe('an order of products', () => {
  test.each([
    ['featured', ['cleat', 'block', 'shackle', 'marlinspike']],
    ['price', ['thimble', 'shackle', 'snatch-hook', 'marlinspike']],
    ['price-desc', ['bell', 'cleat', 'block', 'turnbuckle']],
    ['name', ['block', 'shackle', 'marlinspike', 'cleat']],
  ])('by %s begins with %j', async (sort, first) => {
    const { html } = await open(`/?sort=${sort}`);
    expect(skus(html).slice(0, 4)).toEqual(first);
    expect(html).toContain(`<option value="${sort}" selected>`);
  });

  test.each([
    'sort=',
    'sort=PRICE',
    'sort=price;drop',
    'sort=name&sort=price',
    'q=a&q=b',
    'sort[x]=1',
    'utm=x',
    'q=%20',
  ])('that is unknown (%s) is no error', async (query) => {
    const { status, html } = await open(`/?${query}`);
    expect([status, skus(html)]).toEqual([200, everything]);
  });
});

describe('the page of a product', () => {
  test('shows price and availability to people and to programs', async () => {
    const { status, html } = await open('/products/shackle');
    expect(status).toBe(200);
    expect(html).toContain('<title>Bow Shackle · Holdfast</title>');
    expect(html).toContain('itemtype="https://schema.org/Product"');
    expect(html).toContain('itemprop="price" content="18.9"');
    expect(html).toContain('itemprop="priceCurrency" content="USD"');
    expect(html).toContain('itemprop="availability" href="https://schema.org/InStock"');
    expect(html).toContain(`rel="canonical" href="${shop.shopUrl}/products/shackle"`);
    expect(html).toContain('name="qty" value="1" min="1" max="250"');
    expect(skus(html)).toEqual(['marlinspike', 'snatch-hook', 'thimble']);
  });

  test('shows the stock, and offers other products in stock', async () => {
    const setStock = (available: number) =>
      shop.database('stock').where({ product_id: 1 }).update({ available });
    await setStock(5);
    expect((await open('/products/cleat')).html).toContain('Only 5 left');
    await setStock(0);
    const { html } = await open('/products/cleat');
    expect(html).toContain('https://schema.org/OutOfStock');
    expect(html).toMatch(/<button [^>]*disabled>Sold out/);
    expect(html).not.toContain('name="qty" value="1" min="1"');
    expect(skus((await open('/products/bell')).html)).toEqual(['block', 'shackle', 'marlinspike']);
    await setStock(100);
  });

  test.each(['anchor', 'a%20b', '%00', '..%2f..%2fetc%2fpasswd', '%3Cscript%3E', 'x'.repeat(300)])(
    'that is not sold (%s) shows a message and links to the catalogue',
    async (code) => {
      const { status, html } = await open(`/products/${code}`);
      expect(status).toBe(404);
      expect(html).toContain('This product is not sold here.');
      expect(html).toMatch(/href="\/">See all products/);
      expect(html).not.toContain(decodeURIComponent(code));
    },
  );

  test('that is not sold is a problem to programs', async () => {
    const { status, html } = await open('/products/anchor', 'application/json');
    expect([status, JSON.parse(html).code]).toEqual([404, 'not_found']);
  });
});

test('the recent orders show nothing personal', async () => {
  const answer = await fetch(`${shop.shopUrl}/checkout/secret-key`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ items: [{ sku: 'bell', qty: 1 }], email: 'ada@reader.example' }),
  });
  const { order_id: orderId, order_url: orderUrl } = await answer.json();
  for (const path of ['/recent-orders', '/fragments/recent-orders']) {
    const { status, html } = await open(path);
    expect(status).toBe(200);
    expect(html).toContain(`Order ${orderId}`);
    expect(html).toContain('Small Brass Bell');
    for (const secret of ['ada@reader', 'secret-key', String(orderUrl).split('/').at(-1) ?? '', '/orders/']) {
      expect(html).not.toContain(secret);
    }
  }
});

test('the first page takes one query, and none for the cart of an unknown browser', async () => {
  const ofThisDatabase = 'dbid = (select oid from pg_database where datname = current_database())';
  await shop.database.raw('create extension if not exists pg_stat_statements');
  await shop.database.raw(
    'select pg_stat_statements_reset(0, oid) from pg_database where datname = current_database()',
  );
  await open('/');
  const { rows } = await shop.database.raw(
    `select query, calls::integer from pg_stat_statements
     where ${ofThisDatabase} and query ~ 'products|cart_lines' and query !~ 'pg_stat_statements'`,
  );
  expect(rows).toMatchObject([{ calls: 1, query: expect.stringContaining('"products"') }]);
});
