import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findProducts, listOthers, searchProducts } from '../../database/queries/products.ts';
import { ShopError } from '../../domain/errors.ts';
import { catalogueView, productView } from '../../storefront/catalogue-view.ts';
import { notSoldView } from '../../storefront/layout-view.ts';
import { type PageServices, wantsPage } from '../pages.ts';
import { sku } from '../schemas.ts';

interface CatalogueOptions extends PageServices {
  readonly publicUrl: string;
}

const othersShown = 3;
const longestSearch = 100;

// Unknown values, as in a typed address or with another site's parameters, show products and never an error.
const search = z.object({
  q: z.string().catch('').transform(searchText),
  sort: z.enum(['featured', 'price', 'price-desc', 'name']).catch('featured'),
});

/** The pages of the products. */
export const catalogueRoutes: FastifyPluginAsyncZod<CatalogueOptions> = async (server, options) => {
  const { database, pages, publicUrl } = options;

  server.get('/', { schema: { querystring: search } }, async (request, reply) => {
    const { q: text, sort: order } = request.query;
    const products = await searchProducts(database, { text, order });
    return pages.send(reply, 'catalogue', { catalogue: catalogueView({ text, order, products, publicUrl }) });
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

/** Removes control characters, which Postgres refuses in a text, and cuts the text at the length of the search field. */
function searchText(given: string): string {
  const text = given.replaceAll(/\p{Cc}/gu, ' ').trim();
  return text.slice(0, longestSearch).trim();
}
