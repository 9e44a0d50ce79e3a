import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { firstProduct, listProducts, type ProductInStock } from '../../database/queries/products.ts';
import { ShopError } from '../../domain/errors.ts';
import { majorUnits } from '../../shared/money.ts';
import { operation, problems } from '../schemas.ts';

const product = z
  .object({
    product_id: z.int(),
    sku: z.string(),
    product: z.string(),
    description: z.string(),
    inventory: z.int().describe('Available units'),
    price: z.number().describe('Major units'),
    price_cents: z.int().describe('Minor units'),
    currency: z.string(),
    image: z.string(),
  })
  .meta({
    id: 'Product',
    description: 'A product with its price and its available stock',
    examples: [
      {
        product_id: 1,
        sku: 'cleat',
        product: 'Premium Quality Widget',
        description: 'A cleat of cast bronze.',
        inventory: 100,
        price: 99.99,
        price_cents: 9999,
        currency: 'USD',
        image: '/assets/products/cleat.svg',
      },
    ],
  });

/** `GET /product` and `GET /products`. */
export const productRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (server, { database }) => {
  server.get(
    '/product',
    operation('shop', 'getFirstProduct', 'Show the first product', {
      response: { 200: product, ...problems('not_found') },
    }),
    async () => {
      const first = await firstProduct(database);
      if (!first) throw new ShopError('not_found', 'The catalogue is empty.');
      return view(first);
    },
  );

  server.get(
    '/products',
    operation('shop', 'listProducts', 'List all products', {
      response: { 200: z.array(product) },
    }),
    async () => (await listProducts(database)).map(view),
  );
};

function view(row: ProductInStock): z.infer<typeof product> {
  return {
    product_id: row.productId,
    sku: row.sku,
    product: row.product,
    description: row.description,
    inventory: row.available,
    price: majorUnits({ cents: row.priceCents, currency: row.currency }),
    price_cents: row.priceCents,
    currency: row.currency,
    image: row.image,
  };
}
