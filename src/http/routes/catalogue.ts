import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import {
  type FoundProducts,
  findProducts,
  listOthers,
  searchProducts,
  suggestSearches,
} from '../../database/queries/products.ts';
import { type ProductSearch, readSearch } from '../../domain/catalogue.ts';
import { ShopError } from '../../domain/errors.ts';
import { catalogueView, productView } from '../../storefront/catalogue-view.ts';
import { notSoldView } from '../../storefront/layout-view.ts';
import { type PageServices, wantsPage } from '../pages.ts';
import { sku } from '../schemas.ts';

interface CatalogueOptions extends PageServices {
  readonly publicUrl: string;
}

const othersShown = 3;

// Unknown values, as in a typed address or with another site's parameters, show products and never an error.
const typed = z.string().catch('');
const querystring = z.object({
  q: typed,
  category: typed,
  stock: typed,
  from: typed,
  to: typed,
  sort: typed,
  page: typed,
});

/** The pages of the products. */
export const catalogueRoutes: FastifyPluginAsyncZod<CatalogueOptions> = async (server, options) => {
  const { database, pages, publicUrl } = options;

  server.get('/', { schema: { querystring } }, async (request, reply) => {
    const { search: asked, faults } = readSearch(request.query);
    const { search, found } = await findAnyCategory(database, asked);
    const unknownCategory = search.category === asked.category ? null : asked.category;
    const suggestions =
      found.total === 0 && search.text !== '' ? await suggestSearches(database, search.text) : [];
    const source = { search, found, faults, unknownCategory, askedPage: asked.page, suggestions, publicUrl };
    return pages.send(reply, 'catalogue', { catalogue: catalogueView(source) });
  });

  server.get(
    '/products/:sku',
    { schema: { params: z.object({ sku: z.string() }) } },
    async (request, reply) => {
      const code = sku.safeParse(request.params.sku);
      const [product] = code.success ? await findProducts(database, [code.data]) : [];
      if (!product) {
        if (!wantsPage(request)) throw new ShopError('not_found', 'This product is not sold here.');
        return pages.send(reply.code(404), 'error', { error: notSoldView });
      }
      const others = await listOthers(database, product.productId, othersShown);
      return pages.send(reply, 'product', { product: productView(product, others, publicUrl) });
    },
  );
};

/** Finds products, those of all categories when the one that is looked for does not exist. */
async function findAnyCategory(
  database: Database,
  asked: ProductSearch,
): Promise<{ search: ProductSearch; found: FoundProducts }> {
  const found = await searchProducts(database, asked);
  if (found.isKnownCategory) return { search: asked, found };
  return findAnyCategory(database, { ...asked, category: null });
}
