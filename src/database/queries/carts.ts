import type { CartLine } from '../../domain/cart.ts';
import { maxItems } from '../../domain/order.ts';
import type { Database } from '../connection.ts';

/** The cart of a browser. */
export interface Cart {
  /** The key under which what is in it now is checked out. */
  readonly checkoutKey: string;
  /** In the order in which they were put there. */
  readonly lines: readonly CartLine[];
}

/** How many units are in the cart of a browser. */
export async function countCart(database: Database, browserId: string): Promise<number> {
  const [cart] = await database('cart_lines')
    .where({ browser_id: browserId })
    .select<{ units: number }[]>(database.raw('coalesce(sum(quantity), 0)::integer as units'));
  return cart?.units ?? 0;
}

type CartRow = CartLine & Pick<Cart, 'checkoutKey'>;

/** What is in a cart, with today's prices and stock; undefined for a browser whose cart is empty. */
export async function readCart(database: Database, browserId: string): Promise<Cart | undefined> {
  const { rows } = await database.raw<{ rows: CartRow[] }>(
    `select checkout_key as "checkoutKey", sku, product, image, quantity as wanted,
            available + coalesce(own.held, 0)::integer as available,
            cart_lines.unit_price_cents as "seenPriceCents", price_cents as "unitPriceCents", currency
     from cart_lines
     join carts using (browser_id) join products using (product_id) join stock using (product_id)
     left join lateral (
       select order_lines.quantity as held from orders join order_lines using (order_id)
       where orders.checkout_key = carts.checkout_key and status = 'pending'
         and order_lines.product_id = cart_lines.product_id
     ) as own on true
     where browser_id = :browserId order by added_at, sku limit :maxItems`,
    { browserId, maxItems },
  );
  const [first] = rows;
  return first && { checkoutKey: first.checkoutKey, lines: rows };
}
