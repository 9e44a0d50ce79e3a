import type { Database } from '../../src/database/connection.ts';

/** Adds products with names, SKUs, categories and stock until the catalogue has so many. Common words are in one of sixteen names. */
export async function fillCatalogue(database: Database, products: number): Promise<void> {
  await database.raw(
    `with added as (
       insert into products (sku, product, description, category, price_cents, currency, image, restock_level)
       select 'hf-' || n,
         (array['Bronze', 'Stainless', 'Galvanised', 'Forged', 'Cast', 'Tarred', 'Polished', 'Heavy', 'Light', 'Tapered'])[1 + n % 10]
           || ' ' || (array['Cleat', 'Block', 'Shackle', 'Marlinspike', 'Hook', 'Thimble', 'Turnbuckle', 'Bell', 'Fairlead', 'Grommet',
             'Swivel', 'Padeye', 'Sheave', 'Toggle', 'Bollard', 'Chainplate'])[1 + n / 10 % 16] || ' ' || n,
         'For lines of ' || 6 + n % 20 || ' mm. Tested to ' || n % 900 || ' kg, and drawn for small boats that stay out in weather.',
         (array['Deck fittings', 'Rigging', 'Splicing', 'Anchoring', 'Safety', null])[1 + n % 6],
         100 + n * 7919 % 20000, 'USD', '/assets/products/cleat.svg', 100
       from generate_series((select count(*) + 1 from products), cast(:products as bigint)) as n
       order by n
       returning product_id
     ), supplied as (
       insert into supply (product_id, quantity, reason, actor, request_key)
       select product_id, product_id % 7, 'first stock', 'test', 'first stock ' || product_id from added
     )
     insert into stock (product_id, available) select product_id, product_id % 7 from added`,
    { products },
  );
}
