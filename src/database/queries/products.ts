import type { Database } from '../connection.ts';
import type { ProductRow } from '../tables.ts';

/** A product with the units that anyone may still order. */
export type ProductInStock = ProductRow & { available: number };

/** How a list of products is sorted; `featured` is the order in which the shop took them in. */
export type ProductOrder = 'featured' | 'price' | 'price-desc' | 'name';

export interface ProductSearch {
  /** Words that must all be in the name or the description, whatever their case; none finds everything. */
  readonly text: string;
  readonly order: ProductOrder;
}

const mostProducts = 200;
const sortings: Readonly<Record<ProductOrder, string>> = {
  featured: 'products.product_id',
  price: 'price_cents, products.product_id',
  'price-desc': 'price_cents desc, products.product_id',
  name: 'lower(product), products.product_id',
};

/** All products in the order of their ids; a catalogue of a small shop, so at most 200. */
export function listProducts(database: Database): Promise<ProductInStock[]> {
  return productsInStock(database).orderBy('products.product_id').limit(mostProducts);
}

/** The products that a shopper looks for, at most 200. */
export function searchProducts(
  database: Database,
  { text, order }: ProductSearch,
): Promise<ProductInStock[]> {
  const query = productsInStock(database).orderByRaw(sortings[order]).limit(mostProducts);
  for (const word of text.split(/\s+/).filter((word) => word !== '')) {
    const pattern = `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    void query.whereRaw('(product ilike ? or description ilike ?)', [pattern, pattern]);
  }
  return query;
}

/** The first product, which a checkout without a body buys; undefined while the catalogue is empty. */
export async function firstProduct(database: Database): Promise<ProductInStock | undefined> {
  const [product] = await productsInStock(database).orderBy('products.product_id').limit(1);
  return product;
}

/** The products of these SKUs; unknown ones are absent. */
export function findProducts(database: Database, skus: readonly string[]): Promise<ProductInStock[]> {
  return (
    productsInStock(database)
      // One text for any number of them, so that it is prepared once.
      .whereRaw('sku = any(?)', [[...skus]])
      .orderBy('products.product_id')
  );
}

/** The dearest product of each currency. */
export function listDearest(database: Database): Promise<ProductRow[]> {
  return database('products')
    .distinctOn('currency')
    .orderBy([{ column: 'currency' }, { column: 'price_cents', order: 'desc' }, { column: 'product_id' }])
    .select<ProductRow[]>('*');
}

/** Other products than this one: the next that are in stock, round to the first, then the sold out. */
export function listOthers(database: Database, productId: number, limit: number): Promise<ProductInStock[]> {
  return productsInStock(database)
    .whereNot('products.product_id', productId)
    .orderByRaw('available = 0, products.product_id < ?, products.product_id', [productId])
    .limit(limit);
}

function productsInStock(database: Database) {
  return database('products')
    .join('stock', 'stock.product_id', 'products.product_id')
    .select<ProductInStock[]>('products.*', 'stock.available');
}
