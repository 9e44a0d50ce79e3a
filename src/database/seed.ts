import type { Transaction } from './connection.ts';

// sku, name, category, price in cents, first stock, weight in grams, description. The rows are in the order of their product ids.
const catalogue = `(values
  (1, 'cleat', 'Premium Quality Widget', 'Deck fittings', 9999, 100, 380,
    'A cast bronze cleat. Two turns and a hitch, and it stays where you put it.'),
  (2, 'block', 'Block and Pulley', 'Rigging', 6450, 40, 620,
    'An ash block with a bronze sheave. Halves the load, keeps the promise.'),
  (3, 'shackle', 'Bow Shackle', 'Rigging', 1890, 250, 150,
    'Forged, with a captive pin. It closes by hand and opens only on purpose.'),
  (4, 'marlinspike', 'Marlinspike', 'Splicing', 3200, 60, 240,
    'Hardened steel, turned to a long taper. Parts strands without breaking them.'),
  (5, 'snatch-hook', 'Snatch Hook', 'Rigging', 2475, 120, 210,
    'A hook with a sprung latch. Quick to put on, slow to let go.'),
  (6, 'thimble', 'Rope Thimble', 'Splicing', 450, 500, 30,
    'A galvanised eye for a splice. Keeps the rope from wearing where it turns.'),
  (7, 'turnbuckle', 'Turnbuckle', 'Rigging', 5600, 30, 540,
    'Left and right thread in one frame. Takes up the last slack, a quarter turn at a time.'),
  (8, 'bell', 'Small Brass Bell', 'Deck fittings', 14900, 3, 2400,
    'Heard across a harbour. Polishes up in a minute, weathers in a year.')
) as seed (n, sku, product, category, price_cents, quantity, grams, description)`;

const deliveries = `
  insert into delivery_methods (method, name, needs_address, countries, days_from, days_to, position) values
    ('standard', 'Standard delivery', true, '{AT,BE,CA,CH,DE,DK,ES,FI,FR,GB,IE,IT,LU,NL,NO,PL,PT,SE,US}', 3, 6, 1),
    ('express', 'Express delivery', true, '{US}', 1, 2, 2);
  insert into delivery_prices (method, currency, from_grams, from_cents, price_cents) values
    ('standard', 'USD', 0, 0, 690), ('standard', 'USD', 0, 10000, 0),
    ('standard', 'USD', 5000, 0, 1290), ('standard', 'USD', 5000, 20000, 0),
    ('express', 'USD', 0, 0, 1490)`;

/**
 * Fills an empty catalogue with eight products, and two ways to deliver them. A shop with products of its own stays as it is.
 */
export async function seedCatalogue(trx: Transaction): Promise<void> {
  if (await trx('products').first('product_id')) return;
  await trx.raw(deliveries);
  await trx.raw(
    `with seed as (select * from ${catalogue}), added as (
       insert into products (sku, product, description, category, price_cents, currency, image, restock_level, weight_grams)
       select sku, product, description, category, price_cents, 'USD', '/assets/products/' || sku || '.svg', 100, grams from seed order by n
       returning product_id, sku
     ), supplied as (
       insert into supply (product_id, quantity, reason, actor, request_key)
       select product_id, quantity, 'first stock', 'seed', 'seed ' || sku from added join seed using (sku) order by n
     )
     insert into stock (product_id, available) select product_id, quantity from added join seed using (sku)`,
  );
}
