import type { ShippedItem } from '../../domain/shipment.ts';
import type { Statement } from '../../shared/statement.ts';

// Every transaction locks stock in SKU order, so that two of them wait for each other instead of deadlocking.
const lockedLines = `
  select product_id, sku, quantity, returned, shipped, stopped, available
  from order_lines join products using (product_id) join stock using (product_id)
  where order_id = :orderId order by sku for update of stock`;

/** Gives the units of a cancelled order back to stock, in the transaction that cancels it. */
export async function releaseStock(sql: Statement, orderId: number): Promise<void> {
  await sql(
    `with line as materialized (${lockedLines})
     update stock set available = stock.available + quantity from line where stock.product_id = line.product_id`,
    { orderId },
  );
}

/**
 * Gives units of a sold order back to stock, except those that are back already. Call it before they are stopped.
 * @param units how many of which products, all that are left to ship, or all of the order
 */
export async function returnStock(
  sql: Statement,
  orderId: number,
  units: 'left' | 'all' | readonly ShippedItem[],
): Promise<void> {
  await sql(
    `with line as materialized (${lockedLines}), back as (
       select line.product_id, returned, least(line.quantity - returned, case cast(:which as text)
         when 'all' then line.quantity
         when 'left' then line.quantity - shipped - stopped
         else coalesce(asked.quantity, 0)
       end) as units
       from line left join json_to_recordset(cast(:units as json)) as asked ("productId" integer, quantity integer)
         on asked."productId" = line.product_id
     ), lines as (
       update order_lines set returned = back.returned + units
       from back where order_id = :orderId and order_lines.product_id = back.product_id
     )
     update stock set available = stock.available + units from back where stock.product_id = back.product_id`,
    typeof units === 'string'
      ? { orderId, which: units, units: '[]' }
      : { orderId, which: 'units', units: JSON.stringify(units) },
  );
}

/**
 * Reserves the units of a cancelled order once more: all of them or none.
 * @returns whether there were enough
 */
export async function reserveStockAgain(sql: Statement, orderId: number): Promise<boolean> {
  const lines = await sql<{ enough: boolean }>(
    `with line as materialized (${lockedLines}), total as (
       select bool_and(available >= quantity) as enough from line
     ), reserved as (
       -- From the locked row, as in place-order.ts.
       update stock set available = line.available - quantity
       from line cross join total where enough and stock.product_id = line.product_id
     )
     select enough from total`,
    { orderId },
  );
  return lines[0]?.enough ?? false;
}
