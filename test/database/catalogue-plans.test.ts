// @module-tag slow
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExplainedDatabase, type RunStatement } from '../support/explained-database.ts';
import { fillCatalogue } from '../support/large-catalogue.ts';
import { costlyStatements, faultsOf, indexesOf } from '../support/plans.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The pages of ten thousand products cost about as much as those of eight, by the plan that Postgres executed.

const products = 10_000;
const finishedOrders = 100;

/** Statements that read every product, and why they may. */
const exceptions = [
  {
    text: /from found as best/,
    reason: 'the prices or the names of everything that a search finds, to sort it',
  },
  {
    text: /available > 0 ?\)+ as total|price_cents >= .*\) as total/,
    reason: 'the number of products in stock, or of a price',
  },
  {
    text: /^select sku from products/,
    reason: 'a part of the sitemap: ten thousand SKUs, which search engines ask for',
  },
  {
    text: /^select distinct on \("currency"\)/,
    reason: 'the dearest product of each currency, once at the start',
  },
  {
    text: /^with extension as materialized/,
    reason: 'the settings and rights of the server, once at the start, however many rows there are',
  },
];

const addresses = [
  '/',
  '/?page=2',
  '/?sort=newest',
  '/?sort=price',
  '/?sort=price-desc',
  '/?sort=name&page=3',
  '/?category=Rigging',
  '/?category=Rigging&sort=price',
  '/?category=Rare',
  '/?q=shackle',
  '/?q=shackles&sort=price',
  '/?q=shackel%20bronze',
  '/?q=turnbukcel',
  '/?q=hackl',
  '/?q=hf-5000',
  '/?q=windlass',
  '/?q=bronze&stock=1&from=10&to=20',
  '/?stock=1',
  '/?from=10&to=20',
  '/catalogue?q=marlin&sort=name',
  '/products/hf-5000',
  '/products/hf-9999',
  '/sitemap.xml',
  '/sitemap-pages.xml',
  '/sitemap-products.xml?part=0',
  '/product',
  '/products?limit=50&after=5000',
];

let shop: TestShop;
let statements: RunStatement[];
let growing: ReadonlySet<string>;

beforeAll(async () => {
  const database = await createExplainedDatabase(finishedOrders);
  shop = await startTestShop({ RECONCILE_SECONDS: '3600' }, database);
  await shop.database.transaction(async (transaction) => {
    // Each of ten thousand products would be logged with every call of a function.
    await transaction.raw('set local auto_explain.log_min_duration = -1');
    await fillCatalogue(transaction, products);
    await transaction.raw(`update products set category = 'Rare' where product_id % 500 = 0`);
  });
  await shop.database.raw('vacuum analyze');
  for (const address of addresses) {
    const answer = await fetch(shop.shopUrl + address);
    expect([address, answer.status]).toEqual([address, 200]);
    await answer.text();
  }
  statements = await database.statements();
  growing = new Set(await database.grownTables());
});

afterAll(() => shop?.close());

test('the tables of the catalogue have grown', () => {
  expect([...growing]).toEqual(
    expect.arrayContaining(['products', 'stock', 'product_words', 'search_words']),
  );
});

test('no page costs more with many products, but for the counts of what is in stock or of a price', () => {
  expect(costlyStatements(statements, growing, exceptions)).toEqual({});
});

test.each(exceptions)('an exception is still needed: $reason', ({ text }) => {
  expect(statements.some((one) => text.test(one.text) && faultsOf(one.plan, growing).length > 0)).toBe(true);
});

test('every index of the catalogue is used', async () => {
  const { rows } = await shop.database.raw<{ rows: { name: string }[] }>(
    `select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
     where relname ~ '^(products|search_words)_' and not indisprimary`,
  );
  const used = new Set(statements.flatMap(({ plan }) => indexesOf(plan)));
  expect(rows.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});
