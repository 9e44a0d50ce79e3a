import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { firstProduct, listProducts, type ProductInStock } from '../../database/queries/products.ts';
import { ShopError } from '../../domain/errors.ts';
import { majorUnits } from '../../shared/money.ts';
import { problem } from '../schemas.ts';

const product = z
  .object({
    product_id: z.int(),
    sku: z.string(),
    product: z.string(),
    description: z.string(),
    inventory: z.int().describe('Units that anyone may still order'),
    price: z.number(),
    price_cents: z.int(),
    currency: z.string(),
    image: z.string(),
  })
  .describe('A product with its price and its available stock');

/** `GET /product` and `GET /products`. */
export const productRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (server, { database }) => {
  server.get(
    '/product',
    { schema: { tags: ['shop'], summary: 'The first product', response: { 200: product, 404: problem } } },
    async () => {
      const first = await firstProduct(database);
      if (!first) throw new ShopError('not_found', 'The catalogue is empty.');
      return view(first);
    },
  );

  server.get(
    '/products',
    { schema: { tags: ['shop'], summary: 'All products', response: { 200: z.array(product) } } },
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
