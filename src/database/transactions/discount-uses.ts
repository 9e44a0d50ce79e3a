import type { Statement } from '../../shared/statement.ts';

// A use of a discount code is held and used with its order, as units are (place-order.ts). Every transaction locks the code after the stock.
// A code without a limit is locked and updated too, because a limit may be put on it meanwhile.

/** Gives the use of a cancelled order back to its code, in the transaction that cancels it. An order without a code has none. */
export async function releaseUse(sql: Statement, orderId: number): Promise<void> {
  await sql(
    `with released as (
       update orders set uses_code = false where order_id = :orderId and uses_code returning discount_code
     )
     update discount_codes set free_uses = free_uses + 1
     from released where code = discount_code`,
    { orderId },
  );
}

/**
 * Takes the use of a cancelled order once more. That its code has expired meanwhile does not matter.
 * @returns false when its code, or its buyer, has no use left
 */
export async function takeUseAgain(sql: Statement, orderId: number): Promise<boolean> {
  const [code] = await sql<{ isFree: boolean }>(
    `with released as (
       select order_id, discount_code, discount_holder from orders
       where order_id = :orderId and discount_code is not null and not uses_code
     ), code as materialized (
       select order_id, discount_code, free_uses,
         coalesce(free_uses > 0, true) and coalesce(discount_holder is null or uses_of_holder < uses_per_email, true) as is_free
       from released cross join lateral lock_code(discount_code, discount_holder)
     ), taken as (
       update discount_codes set free_uses = code.free_uses - 1
       from code where is_free and discount_codes.code = discount_code
     ), used as (
       update orders set uses_code = true from code where is_free and orders.order_id = code.order_id
     )
     select is_free from code`,
    { orderId },
  );
  return code?.isFree ?? true;
}
