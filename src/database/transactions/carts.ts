import { randomUUID } from 'node:crypto';
import type { CartRequest } from '../../domain/cart.ts';
import { cartDays, maxItems, maxQuantity } from '../../domain/limits.ts';
import type { BuyerDetails } from '../../domain/order.ts';
import { inTransaction, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { buyerBindings, buyerColumns, type OrderRow } from '../tables.ts';

// Every change of a cart locks its row first, so that two tabs change it one after the other. Each content has its own
// checkout key: the same content sent twice is one order, another content is another order.

/**
 * Puts units of a product into a cart; at most a thousand of one product and fifty products fit in.
 * @param formKey the key of the form: sent again, for example after a lost answer, it adds nothing
 */
export function addToCart(
  database: Database,
  { browserId, sku, quantity, formKey }: CartRequest & { readonly formKey: string },
): Promise<'added' | 'unknown_product' | 'cart_full'> {
  return inTransaction(database, async (sql) => {
    const [product] = await sql<{ id: number }>('select product_id as id from products where sku = :sku', {
      sku,
    });
    if (!product) return 'unknown_product';
    const form = `${formKey} ${sku} ${quantity}`;
    if ((await openCart(sql, browserId)).includes(form)) return 'added';
    const added = await sql(add, { browserId, productId: product.id, quantity, maxItems, maxQuantity });
    if (added.length === 0) return 'cart_full';
    await renewKey(sql, browserId, form);
    return 'added';
  });
}

const add = `
  insert into cart_lines (browser_id, product_id, quantity, unit_price_cents)
  select :browserId, product_id, :quantity, price_cents from products
  where product_id = :productId and (
    exists (select from cart_lines where browser_id = :browserId and product_id = :productId)
    or (select count(*) from cart_lines where browser_id = :browserId) < :maxItems
  )
  on conflict (browser_id, product_id) do update
  set quantity = least(:maxQuantity, cart_lines.quantity + excluded.quantity),
      unit_price_cents = excluded.unit_price_cents
  returning 1`;

/** Locks the cart of a browser, or creates it. @returns the keys of the forms that it has applied */
async function openCart(sql: Statement, browserId: string): Promise<readonly string[]> {
  const [cart] = await sql<{ forms: string[] }>(
    `insert into carts (browser_id, checkout_key) values (:browserId, :key)
     on conflict (browser_id) do update set updated_at = now()
     returning added_keys as forms`,
    { browserId, key: randomUUID() },
  );
  return cart?.forms ?? [];
}

const formsRemembered = 20;

/** Gives a cart a fresh checkout key, because its content has changed. It no longer changes an order that has ended. */
async function renewKey(sql: Statement, browserId: string, form: string | null): Promise<void> {
  await sql(
    `update carts set checkout_key = :key, updated_at = now(),
       changes_order_id = (select order_id from orders where order_id = changes_order_id and status = 'pending'),
       added_keys = (array_remove(array[cast(:form as text)], null) || added_keys)[1:cast(:formsRemembered as integer)]
     where browser_id = :browserId`,
    { browserId, key: randomUUID(), form, formsRemembered },
  );
}

/**
 * Sets the quantity of a product in a cart, 0 to remove it, and records that the shopper saw today's price. A product that is not
 * in the cart, for example because another tab removed it, is not added.
 * @returns how many were wanted before
 */
export function setCartQuantity(database: Database, request: CartRequest): Promise<number> {
  return inTransaction(database, async (sql) => {
    const { browserId } = request;
    await sql('select 1 from carts where browser_id = :browserId for update', { browserId });
    const [line] = await sql<{ wanted: number }>(wanted, { ...request });
    const changed = await sql(request.quantity === 0 ? takeOut : change, { ...request });
    if (changed.length > 0) await renewKey(sql, browserId, null);
    return line?.wanted ?? 0;
  });
}

const wanted = `
  select quantity as wanted from cart_lines join products using (product_id)
  where browser_id = :browserId and sku = :sku`;

const takeOut = `
  delete from cart_lines using products
  where browser_id = :browserId and sku = :sku and cart_lines.product_id = products.product_id
  returning 1`;

const change = `
  update cart_lines set quantity = :quantity, unit_price_cents = price_cents from products
  where browser_id = :browserId and sku = :sku and cart_lines.product_id = products.product_id
    and (quantity, unit_price_cents) is distinct from (:quantity, price_cents)
  returning 1`;

/**
 * Puts the products of an order into a cart: at least as many as were ordered and at most as many as there are, with the units that
 * the order holds. Products that are sold out, or do not fit in, are left out. A repetition adds nothing. A cart that begins to change an
 * order does not merge it with another pending one, whose products go out first.
 * @param request.changes whether the cart takes the place of the order, which must be a pending one of this browser
 */
export function fillCart(
  database: Database,
  { browserId, token, changes }: { browserId: string; token: string; changes: boolean },
): Promise<'filled' | 'unknown_order' | 'not_pending' | 'other_browser'> {
  return inTransaction(database, async (sql) => {
    // Locked first, as by a payment, which locks its order before the cart.
    const [order] = await sql<Pick<OrderRow, 'orderId' | 'status' | 'browserId'>>(
      'select order_id, status, browser_id from orders where token = :token for key share',
      { token },
    );
    if (!order) return 'unknown_order';
    if (changes && order.browserId !== browserId) return 'other_browser';
    if (changes && order.status !== 'pending') return 'not_pending';
    const { orderId } = order;
    await openCart(sql, browserId);
    if (changes) await sql(takeOutOtherOrder, { browserId, orderId });
    await sql(fill, { browserId, orderId, holds: changes, maxItems, maxQuantity });
    await renewKey(sql, browserId, null);
    if (changes) {
      await sql('update carts set changes_order_id = :orderId where browser_id = :browserId', {
        browserId,
        orderId,
      });
    }
    return 'filled';
  });
}

// The products of a pending order that this cart is, or would have changed. That order stays as it is, so its buyer expects none of them in
// the place of the next one, whatever the cart made of their quantities. What was put in besides is in no order, and stays.
const takeOutOtherOrder = `
  delete from cart_lines using carts, orders, order_lines
  where carts.browser_id = :browserId and cart_lines.browser_id = carts.browser_id
    and orders.browser_id = carts.browser_id and orders.status = 'pending' and orders.order_id <> :orderId
    and (orders.order_id = carts.changes_order_id or orders.checkout_key = carts.checkout_key)
    and order_lines.order_id = orders.order_id and order_lines.product_id = cart_lines.product_id`;

const fill = `
  with ordered as materialized (
    select product_id, sku, quantity, price_cents, available + case when :holds then quantity else 0 end as available
    from order_lines join products using (product_id) join stock using (product_id)
    where order_id = :orderId
  ), changed as (
    update cart_lines
    set quantity = least(available, :maxQuantity, greatest(cart_lines.quantity, ordered.quantity)), unit_price_cents = price_cents
    from ordered
    where browser_id = :browserId and cart_lines.product_id = ordered.product_id and available > 0
  )
  insert into cart_lines (browser_id, product_id, quantity, unit_price_cents)
  select :browserId, product_id, least(available, :maxQuantity, quantity), price_cents from ordered
  where available > 0
    and not exists (select from cart_lines where browser_id = :browserId and cart_lines.product_id = ordered.product_id)
  order by sku
  limit greatest(0, :maxItems - (select count(*) from cart_lines where browser_id = :browserId))`;

/** Leaves the order as it is that the cart of a browser would have changed. @returns its token; undefined when there was none */
export async function keepOrder(database: Database, browserId: string): Promise<string | undefined> {
  const [kept] = await inTransaction(database, (sql) =>
    sql<{ token: string }>(
      `with changing as materialized (
         select changes_order_id from carts where browser_id = :browserId for update
       )
       update carts set changes_order_id = null, checkout_key = :key, updated_at = now()
       from changing join orders on order_id = changing.changes_order_id
       where carts.browser_id = :browserId returning token`,
      { browserId, key: randomUUID() },
    ),
  );
  return kept?.token;
}

/**
 * Removes the ordered products from the browser's cart, in the transaction that makes the order paid. When the order is of the
 * cart's present content, the whole line goes, even when the order got fewer units than the cart asked for. A cart that changes another
 * pending order keeps the units of that one.
 */
export async function removeOrderedProducts(
  sql: Statement,
  bought: { readonly browserId: string; readonly orderId: number },
): Promise<void> {
  // A separate statement, so that the next one sees the changes made while this one waited.
  await sql('select 1 from carts where browser_id = :browserId for update', bought);
  await sql(
    `with rest as (
       select bought.product_id, case
         when orders.checkout_key = carts.checkout_key then 0
         else greatest(cart_lines.quantity - bought.quantity, least(cart_lines.quantity, coalesce(changed.quantity, 0)))
       end as quantity
       from carts join cart_lines using (browser_id)
       join order_lines as bought on bought.order_id = :orderId and bought.product_id = cart_lines.product_id
       join orders on orders.order_id = bought.order_id
       left join orders as changing
         on changing.order_id = changes_order_id and changing.order_id <> orders.order_id and changing.status = 'pending'
       left join order_lines as changed
         on changed.order_id = changing.order_id and changed.product_id = bought.product_id
       where carts.browser_id = :browserId
     ), fewer as (
       update cart_lines set quantity = rest.quantity from rest
       where browser_id = :browserId and cart_lines.product_id = rest.product_id
         and rest.quantity between 1 and cart_lines.quantity - 1
       returning 1
     ), gone as (
       delete from cart_lines using rest
       where browser_id = :browserId and cart_lines.product_id = rest.product_id and rest.quantity = 0
       returning 1
     )
     update carts set checkout_key = :key, updated_at = now()
     where browser_id = :browserId and (exists (select from fewer) or exists (select from gone))`,
    { ...bought, key: randomUUID() },
  );
}

/**
 * Replaces the buyer's fields of a pending order of this browser, when its shopper has corrected them on the review. A correction on the page
 * of the order stays, because a review that was open before it, or is sent again, would undo it.
 * @returns whether the order has them now
 */
export async function correctBuyer(
  database: Database,
  { buyer, ...order }: { readonly browserId: string; readonly key: string; readonly buyer: BuyerDetails },
): Promise<boolean> {
  return inTransaction(database, async (sql) => {
    // A separate statement, so that the next one sees a correction that was made while this one waited.
    await sql('select 1 from orders where checkout_key = :key for update', { key: order.key });
    const corrected = await sql(
      `update orders set (${buyerColumns}) = row(${buyerBindings}),
         first_email = case when email is distinct from :email then coalesce(first_email, email) else first_email end
       where checkout_key = :key and browser_id = :browserId and status = 'pending' and not exists (
         select from order_history where order_history.order_id = orders.order_id and what = 'email_corrected'
       ) returning 1`,
      { ...order, ...buyer },
    );
    return corrected.length > 0;
  });
}

/** Gives a cart a fresh key when the order of its present one has ended, so that the same content can be ordered again. */
export async function renewUsedKey(database: Database, browserId: string): Promise<void> {
  await inTransaction(database, (sql) =>
    sql(
      `update carts set checkout_key = :key where browser_id = :browserId and exists (
         select from orders where orders.checkout_key = carts.checkout_key and status <> 'pending'
       )`,
      { browserId, key: randomUUID() },
    ),
  );
}

const cartsAtOnce = 500;
const roundsAtMost = 100;

/** Removes the carts that nobody has touched for 30 days, a few at a time. @returns how many */
export async function removeOldCarts(database: Database): Promise<number> {
  let removed = 0;
  for (let round = 0; round < roundsAtMost; round += 1) {
    const gone = await inTransaction(database, (sql) =>
      sql(
        `delete from carts where browser_id = any(array(
           select browser_id from carts where updated_at < now() - cast(:days as integer) * interval '1 day'
           order by updated_at limit :cartsAtOnce for update skip locked
         )) returning 1`,
        { days: cartDays, cartsAtOnce },
      ),
    );
    removed += gone.length;
    if (gone.length < cartsAtOnce) break;
  }
  return removed;
}
