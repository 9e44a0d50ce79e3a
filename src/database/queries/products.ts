import type { Database } from '../connection.ts';
import type { ProductRow } from '../tables.ts';

/** A product with the units that anyone may still order. */
export type ProductInStock = ProductRow & { available: number };

/** All products in the order of their ids; a catalogue of a small shop, so at most 200. */
export function listProducts(database: Database): Promise<ProductInStock[]> {
  return productsInStock(database).limit(200);
}

/** The first product, which a checkout without a body buys; undefined while the catalogue is empty. */
export async function firstProduct(database: Database): Promise<ProductInStock | undefined> {
  const [product] = await productsInStock(database).limit(1);
  return product;
}

/** The products of these SKUs; unknown ones are absent. */
export function findProducts(database: Database, skus: readonly string[]): Promise<ProductInStock[]> {
  return productsInStock(database).whereIn('sku', [...skus]);
}

function productsInStock(database: Database) {
  return database('products')
    .join('stock', 'stock.product_id', 'products.product_id')
    .select<ProductInStock[]>('products.*', 'stock.available')
    .orderBy('products.product_id');
}
