import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import {
  firstProduct,
  listProducts,
  type ProductInStock,
  searchProducts,
  suggestSearches,
} from '../../database/queries/products.ts';
import { productOrders, readSearch } from '../../domain/catalogue.ts';
import { ShopError } from '../../domain/errors.ts';
import { largestProductList, longestSearch, mostCategories, productsPerPage } from '../../domain/limits.ts';
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

const productOfCategory = product
  .extend({ category: z.string().nullable() })
  .meta({ id: 'CatalogueProduct', description: 'A product with its category', examples: undefined });

const decimal = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,3})?$/, 'an amount in major units, as in 12.50')
  .meta({ examples: ['12.50'] });

// The parameters of the first page, which takes what these refuse.
const search = z.object({
  q: z.string().max(longestSearch).default('').describe('Words that are all to be found'),
  category: z.string().default('').describe('The name of a category'),
  stock: z.enum(['1']).optional().describe('`1`: only products in stock'),
  from: decimal.optional().describe('The lowest price'),
  to: decimal.optional().describe('The highest price'),
  sort: z.enum(productOrders).default('featured'),
  page: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'a whole number from 1 on')
    .default('1')
    .describe('One beyond the last page is answered with the last page'),
});

const found = z
  .object({
    total: z.int().describe('All products that were found'),
    page: z.int(),
    pages: z.int(),
    products: z.array(productOfCategory).max(productsPerPage),
    suggestions: z.array(z.string()).describe('Searches that find something, when this one does not'),
    categories: z
      .array(z.object({ category: z.string(), size: z.int().describe('Its products') }))
      .max(mostCategories)
      .describe('Those with the most products first'),
    more_categories: z.boolean().describe('Whether there are more categories than these'),
  })
  .meta({ id: 'FoundProducts', description: 'A page of the products that were found' });

const list = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= largestProductList)
    .default(largestProductList)
    .meta({ type: 'integer', minimum: 1, maximum: largestProductList, pattern: undefined, examples: [200] }),
  after: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional()
    .meta({ type: 'integer', minimum: 0, maximum: 999_999_999, pattern: undefined, examples: [0] })
    .describe('The last `product_id` of the list before'),
});

/** `GET /product`, `GET /products` and `GET /catalogue`. */
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
    operation('shop', 'listProducts', 'List the products', {
      description:
        'In the order of their ids. The header `x-total-count` has the number of all products. While there are more, the header `link` has the address of the next list (`rel="next"`).',
      querystring: list,
      response: { 200: z.array(product), ...problems('invalid_input') },
    }),
    async (request, reply) => {
      const { limit, after } = request.query;
      const { products, total, isCut } = await listProducts(database, { limit, after });
      void reply.header('x-total-count', total);
      const last = products.at(-1)?.productId;
      if (isCut && last !== undefined) {
        void reply.header('link', `</products?limit=${limit}&after=${last}>; rel="next"`);
      }
      return products.map(view);
    },
  );

  server.get(
    '/catalogue',
    operation('shop', 'searchProducts', 'Search the products', {
      description:
        'A word is found in names, SKUs, categories and descriptions, in this order, without regard to case, accents and punctuation, also as the beginning or a part of a word, in the plural, and with a typing error.',
      querystring: search,
      response: { 200: found, ...problems('invalid_input') },
    }),
    async (request) => {
      const typed = request.query;
      const { search: asked, faults } = readSearch({
        ...typed,
        stock: typed.stock ?? '',
        from: typed.from ?? '',
        to: typed.to ?? '',
      });
      if (faults.includes('prices_swapped')) {
        throw new ShopError('invalid_input', 'from: is more than to', {
          issues: [{ field: 'from', message: 'is more than to' }],
        });
      }
      const { products, moreCategories, total, page, pages, categories } = await searchProducts(
        database,
        asked,
      );
      return {
        total,
        page,
        pages,
        products: products.map((row) => ({ ...view(row), category: row.category })),
        suggestions: total === 0 && asked.text !== '' ? await suggestSearches(database, asked.text) : [],
        categories: [...categories],
        more_categories: moreCategories,
      };
    },
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
