import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillCatalogue } from '../support/large-catalogue.ts';
import { placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// What search engines, browsers and services that show links find out about the shop.

const name = 'Quay & "Sons" </script><script>alert(1)</script>';
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', SHOP_NAME: name });
});

afterAll(() => shop.close());

async function get(address: string) {
  const answer = await fetch(new URL(address, shop.shopUrl), { headers: { accept: 'text/html' } });
  const { status, headers } = answer;
  return {
    status,
    type: headers.get('content-type'),
    cache: headers.get('cache-control'),
    text: await answer.text(),
  };
}

const locations = (xml: string) =>
  [...xml.matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, address = '']) => address.replaceAll('&amp;', '&'));
const isHidden = (html: string) => html.includes('<meta name="robots" content="noindex">');
const dataOf = (html: string) =>
  [...html.matchAll(/<script type="application\/ld\+json">(.*?)<\/script>/g)].map(([, json = '']) =>
    JSON.parse(json),
  );

async function listed(): Promise<string[]> {
  const robots = await get('/robots.txt');
  expect(robots).toMatchObject({
    status: 200,
    type: 'text/plain; charset=utf-8',
    cache: 'public, max-age=3600',
  });
  const [, index = ''] = /^Sitemap: (.+)$/m.exec(robots.text) ?? [];
  const maps = await Promise.all(locations((await get(index)).text).map(get));
  for (const map of maps)
    expect(map).toMatchObject({
      status: 200,
      type: 'application/xml; charset=utf-8',
      cache: 'public, max-age=3600',
    });
  return maps.flatMap(({ text }) => locations(text));
}

test('every address that robots.txt leads to is the canonical one of a page that may be listed', async () => {
  const addresses = await listed();
  const paths = addresses.map((address) => address.slice(shop.shopUrl.length));
  expect(paths).toEqual(
    expect.arrayContaining(['/', '/terms', '/imprint', '/?category=Rigging', '/products/cleat']),
  );
  expect(new Set(paths).size).toBe(paths.length);
  for (const address of addresses) {
    const { status, text } = await get(address);
    const [, canonical] = /<link rel="canonical" href="([^"]+)">/.exec(text) ?? [];
    expect({ address, status, canonical, hidden: isHidden(text) }).toEqual({
      address,
      status: 200,
      canonical: address,
      hidden: false,
    });
    expect(text).toContain(`<meta property="og:url" content="${address}">`);
    expect(text).toMatch(/<meta property="og:image" content="http[^"]+\/assets\/[^"]+\.png">/);
  }
});

test('private pages are not listed, and say so to robots that come anyway', async () => {
  const order = await placePaidOrder(shop);
  const { pathname } = new URL(order.order_url);
  const paths = ['/cart', '/cart/checkout', '/your-orders', '/recent-orders', '/operator', '/outbox'];
  for (const path of [...paths, pathname, `${pathname}/receipt`, '/?q=bell', '/?stock=1']) {
    expect([path, isHidden((await get(path)).text)]).toEqual([path, true]);
  }
  expect((await listed()).join()).not.toMatch(/cart|orders|operator|outbox|\?q=/);
});

test('a filtered list has the canonical address of the list without filters', async () => {
  const { text } = await get('/?category=Rigging&sort=price&stock=1&utm_source=x');
  expect(text).toContain(`<link rel="canonical" href="${shop.shopUrl}/?category=Rigging">`);
});

describe('structured data', () => {
  test('is JSON that no name can end, and names the seller', async () => {
    await shop
      .database('products')
      .where({ sku: 'bell' })
      .update({ product: `Bell ${name} <!--` });
    const { text } = await get('/products/bell');
    expect(text).not.toContain('<script>alert');
    const [product, seller] = dataOf(text);
    expect(product['@graph'][0]).toMatchObject({ '@type': 'Product', name: `Bell ${name} <!--` });
    expect(seller).toMatchObject({ '@type': 'OnlineStore', name, email: 'hello@shop.example' });
  });
});

test('a browser can install the shop: its icons are there in their sizes', async () => {
  const { type, text } = await get('/manifest.webmanifest');
  expect(type).toBe('application/manifest+json; charset=utf-8');
  const manifest = JSON.parse(text) as { name: string; icons: { src: string; sizes: string }[] };
  expect(manifest.name).toBe(name);
  expect(manifest.icons.length).toBeGreaterThan(1);
  const [, touch = ''] = /<link rel="apple-touch-icon" href="([^"]+)">/.exec((await get('/')).text) ?? [];
  for (const { src, sizes } of [...manifest.icons, { src: touch, sizes: '180x180' }]) {
    const answer = await fetch(shop.shopUrl + src);
    expect(answer.headers.get('content-type')).toBe('image/png');
    const header = new DataView((await answer.arrayBuffer()).slice(16, 24));
    expect(`${header.getUint32(0)}x${header.getUint32(4)}`).toBe(sizes);
  }
});

describe('a large catalogue', () => {
  test('is listed in parts, with gaps between the ids, each product once', async () => {
    await fillCatalogue(shop.database, 12_000);
    // As after a restore, which advances the numbers.
    await shop.database.raw(
      `insert into products (product_id, sku, product, description, price_cents, currency, image, restock_level)
       overriding system value
       select 7000000 + n, 'far-' || n, 'Far', 'Far.', 100, 'USD', '/assets/products/cleat.svg', 1 from generate_series(1, 3) as n`,
    );
    const index = locations((await get('/sitemap.xml')).text);
    expect(index.map((address) => address.slice(shop.shopUrl.length))).toEqual([
      '/sitemap-pages.xml',
      '/sitemap-products.xml?part=0',
      '/sitemap-products.xml?part=1',
      '/sitemap-products.xml?part=700',
    ]);
    const products = (await listed()).filter((address) => address.includes('/products/'));
    expect(products).toHaveLength(12_003);
    expect(new Set(products).size).toBe(12_003);
    for (const address of index) {
      const { text } = await get(address);
      expect(Buffer.byteLength(text)).toBeLessThan(2_000_000);
      expect(locations(text).length).toBeLessThanOrEqual(10_000);
    }
  });

  test('leaves the first page below 60 KB', async () => {
    expect(Buffer.byteLength((await get('/')).text)).toBeLessThan(60_000);
  });

  test.each(['2', '999999999', '1000000000', '-1', 'x', ''])('has no part %j', async (part) => {
    const { status } = await get(`/sitemap-products.xml?part=${part}`);
    expect(status).toBe(/^\d{1,9}$/.test(part) ? 404 : 400);
  });
});
