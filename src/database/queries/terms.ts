import type { Quote } from '../../domain/amounts.ts';
import { discountHolderOf } from '../../domain/discount.ts';
import type { OrderRequest } from '../../domain/order.ts';
import {
  quoteOrder,
  type Terms,
  type TermsChoices,
  termsChoicesOf,
  type WeighedLine,
} from '../../domain/terms.ts';
import type { Statement } from '../../shared/statement.ts';

/**
 * SQL of the terms for an order, as JSON, by the bindings of `termsBindings`. Of the prices of deliveries it has those in the currencies
 * that a query returns. The use of the pending order that a change replaces counts as free.
 * @param replaced SQL of the number of that order
 */
export const termsSql = (currencies: string, replaced: string) => `(
  select json_build_object('version', version, 'methods', (
    select coalesce(json_agg(json_build_object(
      'method', method, 'name', name, 'needsAddress', needs_address, 'countries', countries,
      'daysFrom', days_from, 'daysTo', days_to, 'taxClass', tax_class, 'prices', case when exists (
        select from delivery_prices where delivery_prices.method = delivery_methods.method
      ) then (
        select coalesce(json_agg(json_build_object(
          'currency', currency, 'fromGrams', from_grams, 'fromCents', from_cents, 'priceCents', price_cents
        )), '[]') from delivery_prices where delivery_prices.method = delivery_methods.method and currency in (${currencies})
      ) end
    ) order by position, method), '[]') from delivery_methods where removed_at is null
  ), 'zones', (
    select coalesce(json_agg(json_build_object(
      'country', country, 'region', region, 'name', name, 'included', included, 'rates', (
        select coalesce(json_object_agg(tax_class, rate), '{}') from tax_rates
        where tax_rates.country = tax_zones.country and tax_rates.region = tax_zones.region
      )
    )), '[]') from tax_zones where country in (cast(:country as text), terms.country)
  ), 'hasTax', exists (select from tax_zones), 'addsTax', exists (select from tax_zones where not included), 'home', case when country is not null then json_build_object('country', country, 'region', region) end, 'code', (
    select json_build_object(
      'code', code, 'percent', percent, 'amountCents', amount_cents, 'currency', currency, 'minimumCents', minimum_cents,
      'validity', case when valid_from > now() then 'not_yet' when valid_until <= now() then 'over' else 'valid' end,
      'freeUses', free_uses + (
        select count(*) from orders where order_id = ${replaced} and status = 'pending' and uses_code and discount_code = code
      ), 'usesPerEmail', uses_per_email, 'usesOfEmail', (
        select count(*) from orders
        where uses_code and discount_code = code and discount_holder = cast(:discountHolder as text)
          and order_id is distinct from ${replaced}
      )
    ) from discount_codes where code = cast(:discountCode as text) and removed_at is null
  )) from terms
)`;

/** The bindings of `termsSql`. */
export function termsBindings({ country, discountCode, email }: TermsChoices) {
  return { country, discountCode, discountHolder: email === null ? null : discountHolderOf(email) };
}

/** Reads the terms of the shop for the cart of a browser with these choices. */
export async function readTerms(
  sql: Statement,
  { browserId, ...choices }: TermsChoices & { readonly browserId: string },
): Promise<Terms> {
  const currencies =
    'select currency from cart_lines join products using (product_id) where browser_id = :browserId';
  const replaced = '(select changes_order_id from carts where browser_id = :browserId)';
  const [row] = await sql<{ terms: Terms }>(`select ${termsSql(currencies, replaced)} as terms`, {
    ...termsBindings(choices),
    browserId,
  });
  if (!row) throw new Error('A query that always has a row had none.');
  return row.terms;
}

/** Reads the terms and today's prices, and computes what an order costs. */
export async function readQuote(
  sql: Statement,
  order: Pick<OrderRequest, 'items' | 'delivery' | 'discountCode'> & { readonly email?: string | null },
): Promise<Quote> {
  // An input of 0.1.0 may lack the address.
  const choices = { ...order, email: order.email ?? null };
  const lines =
    'json_to_recordset(cast(:items as json)) as item (sku text, qty integer) join products using (sku)';
  const [row] = await sql<{ terms: Terms; lines: WeighedLine[] | null }>(
    `select ${termsSql(`select currency from ${lines}`, 'cast(null as bigint)')} as terms, (
       select json_agg(json_build_object(
         'sku', sku, 'qty', qty, 'unitPriceCents', price_cents, 'currency', currency, 'weightGrams', weight_grams,
         'taxClass', tax_class
       ) order by sku) from ${lines}
     ) as lines`,
    { ...termsBindings(termsChoicesOf(choices)), items: JSON.stringify(order.items) },
  );
  if (!row) throw new Error('A query that always has a row had none.');
  return quoteOrder(row.terms, choices, row.lines ?? []);
}
