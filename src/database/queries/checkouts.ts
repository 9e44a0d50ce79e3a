import type { StockLine } from '../../domain/order.ts';
import type { Terms, TermsChoices, WeighedLine } from '../../domain/terms.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { orderColumns } from '../tables.ts';
import type { OrderWithPayment } from './orders.ts';
import { termsBindings, termsSql } from './terms.ts';

/** The rows that decide about a request for a checkout. */
interface CheckoutReading {
  /** The order that its key belongs to, for ever. */
  readonly known: OrderWithPayment | undefined;
  /** The products of its SKUs; unknown ones are absent. */
  readonly products: readonly PricedProduct[];
  readonly terms: Terms;
}

/** A product, and the units of it that anyone may order now. */
export type PricedProduct = Omit<StockLine & WeighedLine, 'qty'>;

/** Reads the order of a checkout key, the products of its SKUs and the shop's terms, in one round trip. */
export async function readCheckout(
  database: Database,
  checkoutKey: string,
  skus: readonly string[],
  choices: TermsChoices & { readonly changes: number | null },
): Promise<CheckoutReading> {
  const [row] = await statementsOf(database)<
    OrderWithPayment & { products: PricedProduct[] | null; terms: Terms }
  >(
    `select ${orderColumns}, payments.state as payment_state, session_id, payments.url as payment_url, refunded_cents, (
       select json_agg(json_build_object(
         'productId', product_id, 'sku', sku, 'product', product, 'unitPriceCents', price_cents, 'currency', currency,
         'available', available, 'weightGrams', weight_grams, 'taxClass', tax_class
       ) order by sku)
       from products join stock using (product_id) where sku = any(:skus)
     ) as products, ${termsSql('select currency from products where sku = any(:skus)', 'cast(:changes as bigint)')} as terms
     from (select) as always left join orders on checkout_key = :checkoutKey
     left join payments on payments.order_id = orders.order_id`,
    { checkoutKey, skus: [...skus], ...termsBindings(choices), changes: choices.changes },
  );
  if (!row) throw new Error('A query that always has a row had none.');
  const { products, terms, ...known } = row;
  // Every column of a missing order is null.
  const found = (known.orderId as number | null) === null ? undefined : known;
  return { known: found, products: products ?? [], terms };
}
