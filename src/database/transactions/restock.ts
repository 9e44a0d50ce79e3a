import { inTransaction, lockName, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import type { Restocked, SupplyRequest } from '../tables.ts';

/**
 * Raises every product's available and held units together to its restock level, and lowers none. Held units count, because
 * they come back when their hold expires, and the shelf would then be fuller than full.
 * @returns what was added by this request key, now or before.
 */
export function raiseToRestockLevel(database: Database, request: SupplyRequest): Promise<Restocked[]> {
  return inTransaction(database, async (sql) => {
    await lockName(sql, request.requestKey);
    // An order takes and returns its units under this lock, so the next statement sees no order half placed or half cancelled.
    await sql('select 1 from stock join products using (product_id) order by sku for update of stock');
    const known = await suppliedBefore(sql, request.requestKey);
    if (known.length > 0)
      return known.filter(({ added }) => added > 0).map(({ sku, added }) => ({ sku, added }));
    const restocked = await sql<Restocked>(
      addSupply(`select product_id, missing, 'restock', :actor, :requestKey || ' ' || sku
        from products join (${missingUnits}) as level using (product_id) where missing > 0`),
      { ...request },
    );
    if (restocked.length === 0) await sql(noteNothing, { ...request });
    return restocked;
  });
}

const missingUnits = `
  select product_id, restock_level - available - coalesce(held, 0) as missing
  from products join stock using (product_id) left join (
    select product_id, cast(sum(quantity) as integer) as held
    from orders join order_lines using (order_id) where status = 'pending' group by product_id
  ) as holds using (product_id)`;

// A repetition finds that its request was answered, although units may have been sold since.
const noteNothing = `
  insert into supply (product_id, quantity, reason, actor, request_key)
  select product_id, 0, 'restock', :actor, :requestKey || ' ' || sku from products order by product_id limit 1`;

/** A delivery of one product. */
export interface Delivery {
  readonly sku: string;
  readonly quantity: number;
  readonly reason: string;
}

/**
 * Adds the units of a delivery.
 * @returns what was added by this request key, now or before; `unknown_product` for no such SKU, `key_reused` when the
 *   key came before with another delivery.
 */
export function addStock(
  database: Database,
  request: SupplyRequest & Delivery,
): Promise<Restocked[] | 'unknown_product' | 'key_reused'> {
  return inTransaction(database, async (sql) => {
    await lockName(sql, request.requestKey);
    const [product] = await sql(
      `select product_id from stock join products using (product_id) where sku = :sku for update of stock`,
      { sku: request.sku },
    );
    if (!product) return 'unknown_product';
    const known = await suppliedBefore(sql, request.requestKey);
    if (known.length > 0) return replay(known, request);
    return sql<Restocked>(
      addSupply(`select product_id, :quantity, :reason, :actor, :requestKey || ' ' || sku
        from products where sku = :sku`),
      { ...request },
    );
  });
}

/** SQL that records the selected supply and adds it to stock. */
function addSupply(selected: string): string {
  return `with supplied as (
    insert into supply (product_id, quantity, reason, actor, request_key) ${selected} returning product_id, quantity
  ), added as (
    update stock set available = available + quantity from supplied where stock.product_id = supplied.product_id
  )
  select sku, quantity as added from supplied join products using (product_id) order by sku`;
}

type Supplied = Restocked & { readonly reason: string };

// A request key contains no space, so a space ends it.
function suppliedBefore(sql: Statement, requestKey: string): Promise<Supplied[]> {
  return sql<Supplied>(
    `select sku, quantity as added, reason from supply join products using (product_id)
     where request_key = any(array(select :requestKey || ' ' || sku from products)) order by sku`,
    { requestKey },
  );
}

function replay(known: readonly Supplied[], { sku, quantity, reason }: Delivery): Restocked[] | 'key_reused' {
  const [first] = known;
  const same = first?.sku === sku && first.added === quantity && first.reason === reason;
  return same && known.length === 1 ? [{ sku, added: quantity }] : 'key_reused';
}
