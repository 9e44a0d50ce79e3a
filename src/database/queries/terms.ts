import type { OrderRequest, QuotedTerms } from '../../domain/order.ts';
import { quoteTerms, type Terms, type WeighedLine } from '../../domain/terms.ts';
import type { Statement } from '../../shared/statement.ts';

/** SQL of the terms, as JSON. Of the prices it has those in the currencies that a query returns. */
export const termsSql = (currencies: string) => `(
  select json_build_object('version', version, 'methods', (
    select coalesce(json_agg(json_build_object(
      'method', method, 'name', name, 'needsAddress', needs_address, 'countries', countries,
      'daysFrom', days_from, 'daysTo', days_to, 'prices', case when exists (
        select from delivery_prices where delivery_prices.method = delivery_methods.method
      ) then (
        select coalesce(json_agg(json_build_object(
          'currency', currency, 'fromGrams', from_grams, 'fromCents', from_cents, 'priceCents', price_cents
        )), '[]') from delivery_prices where delivery_prices.method = delivery_methods.method and currency in (${currencies})
      ) end
    ) order by position, method), '[]') from delivery_methods where removed_at is null
  )) from terms
)`;

/** Reads the terms of the shop for the cart of a browser. */
export async function readTerms(sql: Statement, browserId: string): Promise<Terms> {
  const currencies =
    'select currency from cart_lines join products using (product_id) where browser_id = :browserId';
  const [row] = await sql<{ terms: Terms }>(`select ${termsSql(currencies)} as terms`, { browserId });
  if (!row) throw new Error('A query that always has a row had none.');
  return row.terms;
}

/** Reads the terms, and prices the delivery of an order under them. */
export async function readQuotedTerms(
  sql: Statement,
  order: Pick<OrderRequest, 'delivery' | 'items'>,
): Promise<QuotedTerms> {
  const lines =
    'json_to_recordset(cast(:items as json)) as item (sku text, qty integer) join products using (sku)';
  const [row] = await sql<{ terms: Terms; lines: WeighedLine[] | null }>(
    `select ${termsSql(`select currency from ${lines}`)} as terms, (
       select json_agg(json_build_object(
         'qty', qty, 'unitPriceCents', price_cents, 'currency', currency, 'weightGrams', weight_grams
       )) from ${lines}
     ) as lines`,
    { items: JSON.stringify(order.items) },
  );
  if (!row) throw new Error('A query that always has a row had none.');
  return quoteTerms(row.terms, order, row.lines ?? []);
}
