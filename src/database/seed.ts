import type { Transaction } from './connection.ts';

interface Seed {
  sku: string;
  product: string;
  description: string;
  priceCents: number;
  stock: number;
}

const seeds: readonly Seed[] = [
  {
    sku: 'cleat',
    product: 'Premium Quality Widget',
    description: 'A cast bronze cleat. Two turns and a hitch, and it stays where you put it.',
    priceCents: 9999,
    stock: 100,
  },
  {
    sku: 'block',
    product: 'Block and Pulley',
    description: 'An ash block with a bronze sheave. Halves the load, keeps the promise.',
    priceCents: 6450,
    stock: 40,
  },
  {
    sku: 'shackle',
    product: 'Bow Shackle',
    description: 'Forged, with a captive pin. It closes by hand and opens only on purpose.',
    priceCents: 1890,
    stock: 250,
  },
  {
    sku: 'marlinspike',
    product: 'Marlinspike',
    description: 'Hardened steel, turned to a long taper. Parts strands without breaking them.',
    priceCents: 3200,
    stock: 60,
  },
  {
    sku: 'snatch-hook',
    product: 'Snatch Hook',
    description: 'A hook with a sprung latch. Quick to put on, slow to let go.',
    priceCents: 2475,
    stock: 120,
  },
  {
    sku: 'thimble',
    product: 'Rope Thimble',
    description: 'A galvanised eye for a splice. Keeps the rope from wearing where it turns.',
    priceCents: 450,
    stock: 500,
  },
  {
    sku: 'turnbuckle',
    product: 'Turnbuckle',
    description: 'Left and right thread in one frame. Takes up the last slack, a quarter turn at a time.',
    priceCents: 5600,
    stock: 30,
  },
  {
    sku: 'bell',
    product: 'Small Brass Bell',
    description: 'Heard across a harbour. Polishes up in a minute, weathers in a year.',
    priceCents: 14900,
    stock: 3,
  },
];

/** Fills the catalogue with eight products when it holds none; a shop with products of its own is left alone. */
export async function seedCatalogue(trx: Transaction): Promise<void> {
  if (await trx('products').first('product_id')) return;
  for (const { sku, product, description, priceCents, stock } of seeds) {
    await trx.raw(
      `with product as (
         insert into products (sku, product, description, price_cents, currency, image, restock_level)
         values (:sku, :product, :description, :priceCents, 'USD', :image, 100)
         returning product_id
       ), supplied as (
         insert into supply (product_id, quantity, reason, actor, request_key)
         select product_id, :stock, 'first stock', 'seed', 'seed ' || :sku from product
       )
       insert into stock (product_id, available) select product_id, :stock from product`,
      { sku, product, description, priceCents, stock, image: `/assets/products/${sku}.svg` },
    );
  }
}
