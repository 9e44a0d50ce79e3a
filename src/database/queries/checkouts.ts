import type { StockLine } from '../../domain/order.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { orderColumns } from '../tables.ts';
import type { OrderWithPayment } from './orders.ts';

/** The rows that decide about a request for a checkout. */
interface CheckoutReading {
  /** The order that its key belongs to, for ever. */
  readonly known: OrderWithPayment | undefined;
  /** The products of its SKUs; unknown ones are absent. */
  readonly products: readonly PricedProduct[];
}

/** A product, and the units of it that anyone may order now. */
export type PricedProduct = Omit<StockLine, 'qty'>;

/** Reads the order of a checkout key and the products of its SKUs, in one round trip. */
export async function readCheckout(
  database: Database,
  checkoutKey: string,
  skus: readonly string[],
): Promise<CheckoutReading> {
  const [row] = await statementsOf(database)<OrderWithPayment & { products: PricedProduct[] | null }>(
    `select ${orderColumns}, payments.state as payment_state, session_id, payments.url as payment_url, refunded_cents, (
       select json_agg(json_build_object(
         'productId', product_id, 'sku', sku, 'product', product, 'unitPriceCents', price_cents, 'currency', currency,
         'available', available
       ) order by sku)
       from products join stock using (product_id) where sku = any(:skus)
     ) as products
     from (select) as always left join orders on checkout_key = :checkoutKey
     left join payments on payments.order_id = orders.order_id`,
    { checkoutKey, skus: [...skus] },
  );
  if (!row) throw new Error('A query that always has a row had none.');
  const { products, ...known } = row;
  // Every column of a missing order is null.
  return { known: (known.orderId as number | null) === null ? undefined : known, products: products ?? [] };
}
