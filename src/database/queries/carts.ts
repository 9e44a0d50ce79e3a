import type { CartLine } from '../../domain/cart.ts';
import { maxItems } from '../../domain/limits.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import type { OrderRow } from '../tables.ts';

/** The cart of a browser. */
export interface Cart {
  /** The checkout key of its present content. */
  readonly checkoutKey: string;
  /** The order whose place its content shall take; null without one. */
  readonly changes: ChangedOrder | null;
  /** In the order in which they were put there. */
  readonly lines: readonly CartLine[];
}

/** An order that the shopper wants to change. */
export type ChangedOrder = Pick<OrderRow, 'orderId' | 'token' | 'status'>;

type CartRow = CartLine & Pick<Cart, 'checkoutKey' | 'changes'>;

// The cart may still order the units that its own pending order holds, because that is the same order, and those of the order whose
// place it takes. Units held by other orders of the browser are only shown.
const linesOfCart = `
  from cart_lines
  join carts using (browser_id) join products using (product_id) join stock using (product_id)
  cross join lateral (
    select coalesce(sum(held.quantity) filter (where is_own), 0)::integer as here,
           coalesce(sum(held.quantity) filter (where not is_own), 0)::integer as by_other_orders
    from orders join order_lines as held using (order_id)
    cross join lateral (
      select orders.checkout_key = carts.checkout_key or orders.order_id is not distinct from carts.changes_order_id as is_own
    ) as whose
    where orders.browser_id = carts.browser_id and status = 'pending' and held.product_id = cart_lines.product_id
  ) as own
  where cart_lines.browser_id = :browserId`;

/** Counts the units of a cart that can be ordered now, as its page shows them. */
export async function countCart(database: Database, browserId: string): Promise<number> {
  const [count] = await statementsOf(database)<{ units: number }>(
    `select coalesce(sum(least(cart_lines.quantity, available + here)), 0)::integer as units ${linesOfCart}`,
    { browserId },
  );
  return count?.units ?? 0;
}

/** Reads a cart with today's prices and stock; undefined for a browser whose cart is empty. */
export async function readCart(database: Database, browserId: string): Promise<Cart | undefined> {
  const rows = await statementsOf(database)<CartRow>(
    `select checkout_key, sku, product, image, cart_lines.quantity as wanted,
            available + here as available, by_other_orders as held_by_other_orders,
            cart_lines.unit_price_cents as seen_price_cents, price_cents as unit_price_cents, currency, weight_grams, tax_class,
            (select json_build_object('orderId', order_id, 'token', token, 'status', status)
             from orders where order_id = changes_order_id) as changes
     ${linesOfCart} order by added_at, sku limit :maxItems`,
    { browserId, maxItems },
  );
  const [first] = rows;
  return first && { checkoutKey: first.checkoutKey, changes: first.changes, lines: rows };
}
