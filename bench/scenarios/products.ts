import type pg from 'pg';
import { ours } from '../counters.ts';

/** Adds products with so many units of each. @returns their SKUs. */
export async function addProducts(sql: pg.Client, count: number, unitsEach: number): Promise<string[]> {
  const { rows } = await sql.query<{ sku: string }>(
    `with ${ours} product as (
       insert into products (sku, product, description, price_cents, currency, image, restock_level)
       select 'bench-' || number, 'Product ' || number, 'For the benchmark', 1000 + number, 'USD',
         '/assets/products/block.svg', 100
       from generate_series(1, $1::integer) as number
       returning product_id, sku
     ), supplied as (
       insert into supply (product_id, quantity, reason, actor, request_key)
       select product_id, $2::integer, 'benchmark', 'bench', 'bench ' || sku from product
     ), stocked as (
       insert into stock (product_id, available) select product_id, $2::integer from product
     )
     select sku from product order by product_id`,
    [count, unitsEach],
  );
  return rows.map(({ sku }) => sku);
}
