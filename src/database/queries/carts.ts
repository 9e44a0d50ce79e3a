import type { Database } from '../connection.ts';

/** How many units are in the cart of a browser. */
export async function countCart(database: Database, browserId: string): Promise<number> {
  const [cart] = await database('cart_lines')
    .where({ browser_id: browserId })
    .select<{ units: number }[]>(database.raw('coalesce(sum(quantity), 0)::integer as units'));
  return cart?.units ?? 0;
}
