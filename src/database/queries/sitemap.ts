import { mostCategories, sitemapPart } from '../../domain/limits.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

/** An index of sitemaps has no more entries (sitemaps.org). */
const mostParts = 50_000;

/** Lists the parts of the catalogue that have products. A part is a range of product ids, so it costs the same in any catalogue. */
export async function listSitemapParts(database: Database): Promise<number[]> {
  // Each part is found from the one before, by the index, so that gaps between the ids cost nothing.
  const rows = await statementsOf(database)<{ part: number }>(
    `with recursive parts(part) as (
       select min(product_id) / cast(:size as bigint) from products
       union all
       select (select min(product_id) / cast(:size as bigint) from products
               where product_id >= (part + 1) * cast(:size as bigint))
       from parts where part is not null
     )
     select part from parts where part is not null limit ${mostParts}`,
    { size: sitemapPart },
  );
  return rows.map(({ part }) => part);
}

/** Lists the SKUs of a part; none for a part that does not exist. */
export async function listSkusOfPart(database: Database, part: number): Promise<string[]> {
  const rows = await statementsOf(database)<{ sku: string }>(
    `select sku from products
     where product_id >= cast(:first as bigint) and product_id < cast(:next as bigint)
     order by product_id`,
    { first: part * sitemapPart, next: (part + 1) * sitemapPart },
  );
  return rows.map(({ sku }) => sku);
}

/** Lists the categories that the catalogue offers, those with the most products first. */
export function listCategories(database: Database): Promise<string[]> {
  return database('category_counts')
    .whereNot('category', '')
    .where('size', '>', 0)
    .orderBy([{ column: 'size', order: 'desc' }, { column: 'category' }])
    .limit(mostCategories)
    .pluck<string[]>('category');
}
