import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { currencies } from '../../src/shared/currencies.ts';
import { openInspector } from '../support/inspector.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';

// The database refuses prices that the payment provider would refuse at every checkout.

const folder = new URL('../../migrations/', import.meta.url);
const migration = '010_currencies_and_event_versions.sql';

let testDatabase: TestDatabase;
let database: Database;

/** A price that an earlier version took, and that no checkout could charge. */
const oldPrice = { price_cents: 1_234, currency: 'KWD' } as const;
const oldCurrency = { price_cents: 500, currency: 'CUP' } as const;

beforeAll(async () => {
  testDatabase = await createEmptyDatabase();
  database = openInspector(testDatabase.url, 1);
  const files = (await readdir(folder)).toSorted();
  const migrate = async (file: string) => database.raw(await readFile(new URL(file, folder), 'utf8'));
  for (const file of files.filter((file) => file < migration)) await migrate(file);
  await insert('old-price', oldPrice);
  await insert('old-currency', oldCurrency);
  await migrate(migration);
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

type Price = Readonly<{ price_cents: number; currency: string }>;

async function insert(sku: string, price: Price): Promise<void> {
  const texts = { product: 'Anchor', description: '', image: '/anchor.svg' };
  await database('products').insert({ sku, ...texts, restock_level: 0, ...price });
}

const update = (sku: string, change: Partial<Price> & { description?: string }) =>
  database('products').where({ sku }).update(change);

test('the table of currencies is the one that the shop reads amounts by', async () => {
  const rows = await database('currencies').select<{ currency: string; digits: number; step: number }[]>('*');
  expect(Object.fromEntries(rows.map(({ currency, ...units }) => [currency, units]))).toEqual(
    Object.fromEntries(currencies),
  );
});

test.each([...currencies])('a price in %s is taken in its steps only', async (currency, { step }) => {
  await insert(`in-${currency}`, { price_cents: 7 * step, currency });
  await update(`in-${currency}`, { price_cents: 0 });
  if (step === 1) return;
  const refusal = { code: '23514', message: expect.stringContaining(`must be a multiple of ${step}`) };
  await expect(insert(`of-${currency}`, { price_cents: 7 * step + 1, currency })).rejects.toMatchObject(
    refusal,
  );
  await expect(update(`in-${currency}`, { price_cents: step / 2 })).rejects.toMatchObject(refusal);
});

test.each(['usd', 'Usd', 'XYZ', 'CUP', 'XXX', 'EURO', 'US', '', ' USD'])(
  'the currency "%s" is refused when a product is created, and when its price changes',
  async (currency) => {
    const refusal = { code: '23514', message: expect.stringContaining(`the currency "${currency}"`) };
    await expect(insert('unknown', { price_cents: 100, currency })).rejects.toMatchObject(refusal);
    await expect(update('in-USD', { currency })).rejects.toMatchObject(refusal);
  },
);

test('a price of nine digits is refused', async () => {
  await insert('most', { price_cents: 99_999_999, currency: 'USD' });
  await expect(update('most', { price_cents: 100_000_000 })).rejects.toMatchObject({
    code: '23514',
    message: expect.stringContaining('more than eight digits'),
  });
});

test('a price is checked again when its currency changes', async () => {
  await insert('moved', { price_cents: 1_250, currency: 'USD' });
  await expect(update('moved', { currency: 'ISK' })).rejects.toMatchObject({ code: '23514' });
  await update('moved', { currency: 'KWD' });
});

describe.each([
  ['old-price', oldPrice],
  ['old-currency', oldCurrency],
])('a product from before, %s,', (sku, price) => {
  test('stays as it is, and everything else about it may change', async () => {
    await update(sku, { description: 'Holds.' });
    await update(sku, { description: 'Holds well.', ...price });
    expect(await database('products').where({ sku }).first()).toMatchObject({
      description: 'Holds well.',
      ...price,
    });
  });

  test('gets another price that can be charged, and no other', async () => {
    await expect(update(sku, { price_cents: 1_235 })).rejects.toMatchObject({ code: '23514' });
    await update(sku, { price_cents: 1_230, currency: 'KWD' });
  });
});
