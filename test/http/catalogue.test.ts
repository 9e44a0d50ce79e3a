import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillCatalogue } from '../support/large-catalogue.ts';
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

interface NewProduct {
  readonly sku: string;
  readonly product: string;
  readonly description?: string;
  readonly price_cents?: number;
  readonly currency?: string;
}

/** Adds products with a unit each. @returns their ids */
async function addProducts(products: readonly NewProduct[]): Promise<number[]> {
  const usual = { description: '', price_cents: 1000, currency: 'USD', image: '/own.svg', restock_level: 0 };
  const rows = products.map((product) => ({ ...usual, ...product }));
  const ids = await shop.database('products').insert(rows).returning<{ product_id: number }[]>('product_id');
  await shop.database('stock').insert(ids.map((row) => ({ ...row, available: 1 })));
  return ids.map(({ product_id: id }) => id);
}

async function removeProducts(ids: readonly number[]): Promise<void> {
  for (const table of ['stock', 'products']) await shop.database(table).whereIn('product_id', ids).delete();
}

const find = (text: string, more = '') => open(`/?${new URLSearchParams({ q: text }).toString()}${more}`);

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
    const { status, html } = await find(text);
    expect([status, skus(html).toSorted()]).toEqual([200, found.toSorted()]);
  });

  test.each([
    // Typing errors: two letters swapped, one missing, one too many, another one, and two errors in a long word.
    ['shackel', ['shackle']],
    ['pully', ['block']],
    ['blel', ['bell']],
    ['hok', ['snatch-hook']],
    ['thimbble', ['thimble']],
    ['cleet', ['cleat']],
    ['marlinspkie', ['marlinspike']],
    ['bow shakel', ['shackle']],
    // Plural, and other forms.
    ['hooks', ['snatch-hook']],
    ['pullies', ['block']],
    ['shackels', ['shackle']],
    ['splices', ['marlinspike', 'thimble']],
    // The beginning and a part of a word.
    ['marlin', ['marlinspike']],
    ['buckle', ['turnbuckle']],
    // Hyphens, accents, case, punctuation and words written as one.
    ['bow-shackle', ['shackle']],
    ['bowshackle', ['shackle']],
    ['turn-buckle', ['turnbuckle']],
    ['bell,', ['bell']],
    ['"bell"!', ['bell']],
    ['béll', ['bell']],
    ['be\u0301ll', ['bell']],
    ['ｂｅｌｌ', ['bell']],
    ['BELL', ['bell']],
    ['🔔 bell', ['bell']],
    ['\u202ebell\u202c', ['bell']],
    ['block & pulley', ['block']],
    ['the bell', ['bell']],
    // Two words in either order, one of them misspelt.
    ['shackel bow', ['shackle']],
    ['bow shackel', ['shackle']],
    ['snacth hok', ['snatch-hook']],
    // SKUs and categories.
    ['snatch-hook', ['snatch-hook']],
    ['SNATCHHOOK', ['snatch-hook']],
    ['rigging', ['block', 'shackle', 'snatch-hook', 'turnbuckle']],
    // Words that are in no product, or not in the same one.
    ['bell shackle', []],
    ['99', []],
    ['?!', []],
    ['🔔', []],
    ['קרס', []],
    ['%ell', ['bell']],
    ['be_l', []],
  ])('for "%s" begins with %j', async (text, found) => {
    const { status, html } = await find(text);
    expect([status, skus(html)]).toEqual([200, found]);
  });

  test.each([
    ['turn', 'turnbuckle', 'a name before descriptions'],
    ['hook', 'snatch-hook', 'a name before a category'],
    ['bell', 'bell', 'the whole SKU'],
  ])('for "%s" lists %s first: %s', async (text, first) => {
    expect(skus((await find(text)).html)[0]).toBe(first);
  });

  test('puts the same word before the beginning of one, and that before a misspelt one', async () => {
    const added = await addProducts([
      { sku: 'bells', product: 'Bellows', description: 'Blows.' },
      { sku: 'b-2', product: 'Bell', description: 'Rings.' },
      { sku: 'ship', product: 'Ship’s horn', description: 'Sounds like a bell.' },
    ]);
    expect(skus((await find('bell')).html)).toEqual(['bell', 'b-2', 'bells', 'ship']);
    expect(skus((await find('bellow')).html)).toEqual(['bells']);
    expect(skus((await find('ships')).html)).toEqual(['ship']);
    await removeProducts(added);
    expect(skus((await find('bellow')).html)).not.toContain('bells');
  });

  test('finds a product by its new words only, as soon as it has them', async () => {
    const product = shop.database('products').where({ sku: 'bell' });
    await product.clone().update({ product: 'Kleine Schiffsglocke für Überfahrten', category: 'Glocken' });
    expect(skus((await find('uberfahrt')).html)).toEqual(['bell']);
    expect(skus((await find('brass')).html)).toEqual([]);
    expect((await open('/')).html).toContain('Glocken (1)');
    expect((await open('/')).html).toContain('Deck fittings (1)');
    await product.clone().update({ product: 'Small Brass Bell', category: 'Deck fittings' });
    expect(skus((await find('brass')).html)).toEqual(['bell']);
    expect((await open('/')).html).not.toContain('Glocken');
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

  test.each([
    ['shckl', ['shackle']],
    ['blue shackle', ['shackle']],
    ['bronze shackel', ['bronze', 'shackle']],
    ['anchor', []],
    ['%', []],
  ])('for "%s" finds nothing, and suggests %j and the categories', async (text, suggested) => {
    const { html } = await find(text);
    const ways = [...html.matchAll(/<li><a href="\/\?q=([^"]+)">/g)].map(([, way]) => way);
    expect(ways.filter((way) => suggested.includes(way ?? ''))).toEqual(suggested);
    expect(ways.length > 0).toBe(suggested.length > 0);
    for (const way of ways) expect(skus((await open(`/?q=${way}`)).html)).not.toEqual([]);
    expect(html).toContain('href="/?category=Rigging">Rigging (4)');
  });

  test('escapes the searched text', async () => {
    const { status, html } = await open(`/?q=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(status).toBe(200);
    expect(html).not.toContain('<script>');
    expect(html).toContain('value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  test('is cut at the length of its field, and says so', async () => {
    const { status, html } = await open(`/?q=${'é'.repeat(1000)}`);
    expect(status).toBe(200);
    expect(html).toContain(`name="q" value="${'é'.repeat(100)}"`);
    expect(html).toContain('A search has 100 characters at most. The rest was left out.');
  });
});

describe('an order of products', () => {
  test.each([
    ['featured', ['cleat', 'block', 'shackle', 'marlinspike']],
    ['newest', ['bell', 'turnbuckle', 'thimble', 'snatch-hook']],
    ['price', ['thimble', 'shackle', 'snatch-hook', 'marlinspike']],
    ['price-desc', ['bell', 'cleat', 'block', 'turnbuckle']],
    ['name', ['block', 'shackle', 'marlinspike', 'cleat']],
  ])('by %s begins with %j', async (sort, first) => {
    const { html } = await open(`/?sort=${sort}`);
    expect(skus(html).slice(0, 4)).toEqual(first);
    expect(html).toContain(`<option value="${sort}" selected>`);
  });

  test.each([
    ['relevance', ['turnbuckle', 'cleat', 'marlinspike', 'thimble']],
    ['featured', ['turnbuckle', 'cleat', 'marlinspike', 'thimble']],
    ['price', ['thimble', 'marlinspike', 'turnbuckle', 'cleat']],
    ['newest', ['turnbuckle', 'thimble', 'marlinspike', 'cleat']],
  ])('by %s of what was searched is %j', async (sort, found) => {
    expect(skus((await find('turn', `&sort=${sort}`)).html)).toEqual(found);
  });

  test.each([
    'sort=',
    'sort=PRICE',
    'sort=price;drop',
    'sort=name&sort=price',
    'sort=relevance',
    'q=a&q=b',
    'sort[x]=1',
    'utm=x',
    'q=%20',
    'page=-1',
    'page=0',
    'page=two',
    'page=1&page=2',
    'stock=yes',
    'category=',
    'from=&to=',
  ])('that is unknown (%s) is no error', async (query) => {
    const { status, html } = await open(`/?${query}`);
    expect([status, skus(html)]).toEqual([200, everything]);
  });
});

describe('a filter', () => {
  test.each([
    ['category=Splicing', ['marlinspike', 'thimble']],
    ['category=Splicing&sort=price', ['thimble', 'marlinspike']],
    ['from=56&to=64.50', ['block', 'turnbuckle']],
    ['from=64.50&to=64.50', ['block']],
    ['from=64,50&to=$64.50', ['block']],
    ['from=64.51&to=64.51', []],
    ['to=0', []],
    ['from=100', ['bell']],
    ['q=bronze&to=70', ['block']],
    ['q=bronze&category=Rigging', ['block']],
    ['q=rope&category=Rigging', []],
  ])('by %s finds %j', async (query, found) => {
    const { status, html } = await open(`/?${query}`);
    expect([status, skus(html)]).toEqual([200, found]);
    expect(html).toContain(`${found.length === 0 ? 'Nothing' : found.length} `);
  });

  test('by stock leaves out what is sold out', async () => {
    const setStock = (available: number) =>
      shop.database('stock').where({ product_id: 1 }).update({ available });
    await setStock(0);
    const { html } = await open('/?stock=1');
    expect(skus(html)).toEqual(everything.slice(1));
    expect(html).toContain('7 products match these filters.');
    expect(html).toMatch(/name="stock" value="1" checked/);
    await setStock(100);
  });

  test.each([
    ['from=70&to=10', ['block', 'shackle'], 'The lower price came second.'],
    ['from=cheap', everything, '“Price from” is no price'],
    ['to=1,000', everything, '“Price to” is no price'],
    ['from=-5', everything, '“Price from” is no price'],
    ['category=Anchors', everything, 'There is no category “Anchors”.'],
    ['category=rigging', everything, 'There is no category “rigging”.'],
    ['category=%00', everything, '8 products.'],
    ['category=%27%3B--', everything, 'There is no category “&#39;;--”.'],
  ])('that cannot be used (%s) says so', async (query, begins, says) => {
    const { status, html } = await open(`/?${query}`);
    expect([status, skus(html).slice(0, 2)]).toEqual([200, begins.slice(0, 2)]);
    expect(html).toContain(says);
  });

  test('counts in the minor units of each currency', async () => {
    const added = await addProducts([
      { sku: 'yen', product: 'Yen', price_cents: 50, currency: 'JPY' },
      { sku: 'dinar', product: 'Dinar', price_cents: 50_000, currency: 'KWD' },
    ]);
    expect(skus((await open('/?from=50&to=50')).html)).toEqual(['yen', 'dinar']);
    await removeProducts(added);
  });
});

test.each(['x'.repeat(61), 'Rigging ', ' ', '', 'Rig\nging'])(
  'the database refuses the category %j',
  async (category) => {
    await expect(shop.database('products').where({ sku: 'bell' }).update({ category })).rejects.toThrow(
      'products_category_check',
    );
  },
);

describe('the page of a product', () => {
  test('shows price and availability to people and to programs', async () => {
    const { status, html } = await open('/products/shackle');
    expect(status).toBe(200);
    expect(html).toContain('<title>Bow Shackle · Holdfast</title>');
    expect(html).toContain(
      '"price":"18.9","priceCurrency":"USD","availability":"https://schema.org/InStock"',
    );
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

/** The statements that `act` causes about products, categories and carts. */
async function statementsOf(act: () => Promise<unknown>): Promise<string[]> {
  const ofThisDatabase = 'dbid = (select oid from pg_database where datname = current_database())';
  await shop.database.raw('create extension if not exists pg_stat_statements');
  await shop.database.raw(
    'select pg_stat_statements_reset(0, oid) from pg_database where datname = current_database()',
  );
  await act();
  const { rows } = await shop.database.raw<{ rows: { query: string; calls: number }[] }>(
    `select query, calls::integer from pg_stat_statements
     where ${ofThisDatabase} and query ~ 'product|category|cart_lines' and query !~ 'pg_stat_statements'`,
  );
  return rows.flatMap(({ query, calls }) => Array.from({ length: calls }, () => query));
}

test.each([
  ['/', 1],
  ['/?q=bell', 1],
  ['/?q=shackel&category=Rigging&stock=1&from=1&to=99&sort=name', 1],
  ['/?q=anchor', 2],
  ['/?page=9', 2],
  ['/?category=Anchors', 2],
  ['/products/bell', 2],
])('%s takes %i statements, and none for the cart of an unknown browser', async (path, count) => {
  const statements = await statementsOf(() => open(path));
  expect(statements, statements.join('\n')).toHaveLength(count);
});

describe('a program', () => {
  const ask = async (path: string) => {
    const answer = await fetch(shop.shopUrl + path);
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  const codes = (products: readonly { sku: string }[]) => products.map(({ sku }) => sku);

  test('lists all products in parts, each with the address of the next', async () => {
    let path: string | undefined = '/products?limit=3';
    const found: string[] = [];
    while (path !== undefined) {
      const { status, headers, body } = await ask(path);
      expect([status, headers.get('x-total-count')]).toEqual([200, '8']);
      found.push(...codes(body));
      path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    }
    expect(found).toEqual(everything);
  });

  test('gets every product and no category without parameters, as the tutorials do', async () => {
    const { headers, body } = await ask('/products');
    expect(codes(body)).toEqual(everything);
    expect(headers.get('link')).toBeNull();
    expect(Object.keys(body[0])).toEqual([
      'product_id',
      'sku',
      'product',
      'description',
      'inventory',
      'price',
      'price_cents',
      'currency',
      'image',
    ]);
  });

  test('searches by the parameters of the first page', async () => {
    const { body } = await ask('/catalogue?q=shackel&to=20');
    expect(body).toMatchObject({ total: 1, page: 1, pages: 1, suggestions: [], more_categories: false });
    expect(body.products).toMatchObject([{ sku: 'shackle', category: 'Rigging', inventory: 250 }]);
    expect(body.categories).toContainEqual({ category: 'Rigging', size: 4 });
    expect((await ask('/catalogue?q=blue%20shackle')).body).toMatchObject({
      total: 0,
      products: [],
      suggestions: ['shackle'],
    });
    expect((await ask('/catalogue?page=99')).body).toMatchObject({ total: 8, page: 1, pages: 1 });
    expect((await ask('/catalogue?category=Anchors')).body).toMatchObject({ total: 0, products: [] });
    expect(codes((await ask('/catalogue?q=be%00ll')).body.products)).toEqual(['bell']);
  });

  test.each([
    '/catalogue?sort=cheapest',
    '/catalogue?page=0',
    '/catalogue?page=two',
    '/catalogue?from=-1',
    '/catalogue?to=1,000',
    '/catalogue?from=9&to=8',
    '/catalogue?stock=yes',
    `/catalogue?q=${'x'.repeat(101)}`,
    '/products?limit=0',
    '/products?limit=201',
    '/products?after=-1',
  ])('is refused %s', async (path) => {
    const { status, body } = await ask(path);
    expect([status, body.code]).toEqual([400, 'invalid_input']);
  });
});

describe('a catalogue of three hundred products', () => {
  const all = 300;
  const perPage = 12;

  beforeAll(() => fillCatalogue(shop.database, all));

  test('is shown whole, page by page, with true counts', async () => {
    const found: string[] = [];
    let path: string | undefined = '/';
    while (path !== undefined) {
      const { html } = await open(path);
      found.push(...skus(html));
      expect(html).toContain('300 products. Here are ');
      path = /rel="next" href="([^"]+)"/.exec(html)?.[1];
    }
    expect(found).toHaveLength(all);
    expect(new Set(found).size).toBe(all);
  });

  test('says which products and which page are shown, and leads to the pages before and after', async () => {
    const { html } = await open('/?sort=price&page=2');
    expect(html).toContain('300 products. Here are 13 to 24.');
    expect(html).toContain('<p>Page 2 of 25</p>');
    expect(html).toContain('rel="prev" href="/?sort=price"');
    expect(html).toContain('rel="next" href="/?sort=price&amp;page=3"');
    expect(html).toContain('href="/?sort=price&amp;page=2" aria-current="page"');
    expect(html).toContain(`rel="canonical" href="${shop.shopUrl}/?page=2"`);
  });

  test.each(['26', '999999', '9'.repeat(300)])(
    'has a last page, also at the address of page %s',
    async (page) => {
      const { status, html } = await open(`/?page=${page}`);
      expect([status, skus(html).length]).toEqual([200, all % perPage || perPage]);
      expect(html).toContain('There are 25 pages. This is the last one.');
      expect(html).not.toContain('rel="next"');
    },
  );

  test('counts what is searched, and sorts it across pages', async () => {
    const first = await open('/?q=shackle&sort=price');
    const [, total = ''] = /(\d+) products match “shackle”/.exec(first.html) ?? [];
    const rows = await shop.database('products').whereRaw(`product ilike '%shackle%'`).orderBy('price_cents');
    expect(Number(total)).toBe(rows.length);
    expect(skus(first.html)).toEqual(rows.slice(0, perPage).map(({ sku }) => sku));
  });

  test('finds a product by its whole SKU first, also without its hyphen', async () => {
    for (const typed of ['hf-250', 'HF250', 'hf 250'])
      expect(skus((await find(typed)).html)[0]).toBe('hf-250');
  });

  test('counts each category', async () => {
    const { html } = await open('/?category=Anchoring');
    const [{ count } = {}] = await shop.database('products').where({ category: 'Anchoring' }).count();
    expect(html).toContain(`<option value="Anchoring" selected>Anchoring (${count})</option>`);
    expect(html).toContain(`${count} products match these filters. Here are 1 to 12.`);
  });

  test('sends a first page of less than 60 KB, uncompressed', async () => {
    expect((await open('/')).html.length).toBeLessThan(60 * 1024);
  });

  test('is listed whole to programs, which learn of the rest', async () => {
    const answer = await fetch(`${shop.shopUrl}/products`);
    const products = (await answer.json()) as { sku: string; product_id: number }[];
    expect([products.length, answer.headers.get('x-total-count')]).toEqual([200, '300']);
    const last = products.at(-1)?.product_id;
    expect(answer.headers.get('link')).toBe(`</products?limit=200&after=${last}>; rel="next"`);
    const rest = await fetch(`${shop.shopUrl}/products?after=${last}`);
    expect([((await rest.json()) as unknown[]).length, rest.headers.get('link')]).toEqual([100, null]);
  });

  test('names the products beyond the first two hundred to operators and in recent orders', async () => {
    await fetch(`${shop.shopUrl}/checkout/late-product`, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ sku: 'hf-290', qty: 1 }] }),
    });
    expect((await open('/recent-orders')).html).toMatch(/\w+ \w+ 290/);
    const { html } = await open('/operator?stock=6');
    expect(html).toContain('Products 251 to 300 of 300');
    expect(html).toContain('href="/operator?stock=5#stock-heading"');
    expect(html).toMatch(/<th scope="row">\w+ \w+ \d+</);
  });

  test('offers the most frequent of many categories, and says so', async () => {
    await shop.database.raw(
      `update products set category = 'Category ' || product_id where sku like 'hf-%' and product_id % 3 = 0`,
    );
    const { html } = await open('/');
    expect(html.match(/<option value="[^"]*C/g)).not.toBeNull();
    expect(html).toContain('These are the 50 largest categories.');
    const { sku, category } = await shop
      .database('products')
      .where('category', 'like', 'Category %')
      .orderBy('category', 'desc')
      .first();
    const one = await open(`/?${new URLSearchParams({ category }).toString()}`);
    expect(skus(one.html)).toEqual([sku]);
    expect(one.html).toContain(`<option value="${category}" selected>`);
  });

  test('is empty when the shop has no products any more, and its counts are', async () => {
    await shop.database.raw('truncate products cascade');
    const { html } = await open('/');
    expect(html).toContain('There is nothing on the shelf yet.');
    expect(html).not.toContain('name="category"');
    const { headers } = await fetch(`${shop.shopUrl}/products`);
    expect(headers.get('x-total-count')).toBe('0');
  });
});
