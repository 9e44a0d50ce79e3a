import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

// docs/PRIVACY.md lists every column that may hold personal data. A column that is added has to be listed there or here.

/** Columns of free form without personal data: names and codes of ours, random ids, and what the catalogue and the provider say. */
const withoutPersonalData: Readonly<Record<string, readonly string[]>> = {
  attention: ['kind', 'subject', 'reason', 'resolution'],
  carts: ['checkout_key', 'added_keys'],
  currencies: ['currency'],
  delivery_methods: ['method', 'name', 'countries', 'tax_class'],
  delivery_prices: ['method', 'currency'],
  discount_codes: ['code', 'currency'],
  emails: ['kind'],
  executors: ['executor_id', 'host', 'build'],
  order_history: ['what', 'detail'],
  orders: [
    'checkout_key',
    'token',
    'request_id',
    'status',
    'reason',
    'currency',
    'delivery_method',
    'delivery_name',
    'tax_name',
    'discount_code',
    'fulfilment',
  ],
  payment_events: ['event_id', 'type', 'body', 'outcome', 'transaction_id', 'kind'],
  payments: ['state', 'session_id', 'url', 'currency', 'transaction_id'],
  category_counts: ['category'],
  product_words: ['word'],
  products: ['sku', 'product', 'description', 'currency', 'image', 'category', 'tax_class'],
  reconciliation: ['scope', 'repaired', 'report'],
  refunds: ['reason', 'actor', 'request_key', 'state', 'provider_refund_id'],
  restarts: ['workflow'],
  shipments: ['carrier', 'actor', 'request_key'],
  search_words: ['word', 'stem', 'misspellings'],
  supply: ['reason', 'actor', 'request_key'],
  tax_rates: ['country', 'region', 'tax_class'],
  tax_zones: ['country', 'region', 'name'],
  terms: ['country', 'region'],
  take_overs: ['from_executor', 'by_executor'],
};

const free = /^ {2}(?!constraint )(\w+) (?!integer|bigint|smallint|boolean|timestamp|date|numeric|double)/gm;

function read(name: string): Promise<string> {
  return readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

/** Every column whose type takes any text, as `table.column`. */
function columnsOf(schema: string): string[] {
  const tables = [...schema.matchAll(/^create table (\w+) \(\n(.*?)\n\);/gms)];
  return tables.flatMap(([, table, body = '']) =>
    [...body.matchAll(free)].map(([, column]) => `${table}.${column}`),
  );
}

/** The places in the first column of the table. */
function placesOf(document: string): string[] {
  const rows = document.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, place = '']) => place),
  );
}

test('docs/PRIVACY.md lists every column that may hold personal data, and no other', async () => {
  const columns = columnsOf(await read('schema.sql'));
  const exempt = Object.entries(withoutPersonalData).flatMap(([table, names]) =>
    names.map((name) => `${table}.${name}`),
  );
  expect(
    exempt.filter((name) => !columns.includes(name)),
    'there are no such columns',
  ).toEqual([]);
  const documented = placesOf(await read('PRIVACY.md')).filter((place) => !place.startsWith('dbos.'));
  expect(documented.toSorted()).toEqual(columns.filter((name) => !exempt.includes(name)).toSorted());
});

test('the check finds columns of each free type, and none of numbers and times', () => {
  const schema = `create table one (
  id integer generated always as identity not null,
  name text not null,
  tags text[] default '{}'::text[] not null,
  address inet,
  detail jsonb,
  at timestamp with time zone,
  constraint one_pkey PRIMARY KEY (id)
);
`;
  expect(columnsOf(schema)).toEqual(['one.name', 'one.tags', 'one.address', 'one.detail']);
});
