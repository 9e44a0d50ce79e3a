import type { OrderRequest, QuotedTerms } from '../../domain/order.ts';
import { quoteTerms, type Terms, type WeighedLine } from '../../domain/terms.ts';
import type { Statement } from '../../shared/statement.ts';

/** SQL of the terms, as JSON. */
export const termsSql = `(
  select json_build_object('version', version, 'methods', (
    select coalesce(json_agg(json_build_object(
      'method', method, 'name', name, 'needsAddress', needs_address, 'countries', countries,
      'daysFrom', days_from, 'daysTo', days_to, 'prices', (
        select coalesce(json_agg(json_build_object(
          'currency', currency, 'fromGrams', from_grams, 'fromCents', from_cents, 'priceCents', price_cents
        )), '[]') from delivery_prices where delivery_prices.method = delivery_methods.method
      )
    ) order by position, method), '[]') from delivery_methods where removed_at is null
  )) from terms
)`;

/** Reads the terms of the shop. */
export async function readTerms(sql: Statement): Promise<Terms> {
  const [row] = await sql<{ terms: Terms }>(`select ${termsSql} as terms`);
  if (!row) throw new Error('A query that always has a row had none.');
  return row.terms;
}

/** Reads the terms, and prices the delivery of an order under them. */
export async function readQuotedTerms(
  sql: Statement,
  order: Pick<OrderRequest, 'delivery' | 'items'>,
): Promise<QuotedTerms> {
  const [row] = await sql<{ terms: Terms; lines: WeighedLine[] | null }>(
    `select ${termsSql} as terms, (
       select json_agg(json_build_object(
         'qty', qty, 'unitPriceCents', price_cents, 'currency', currency, 'weightGrams', weight_grams
       )) from json_to_recordset(cast(:items as json)) as item (sku text, qty integer) join products using (sku)
     ) as lines`,
    { items: JSON.stringify(order.items) },
  );
  if (!row) throw new Error('A query that always has a row had none.');
  return quoteTerms(row.terms, order, row.lines ?? []);
}
