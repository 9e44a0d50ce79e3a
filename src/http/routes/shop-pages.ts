import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ShopPage } from '../../storefront/shop-view.ts';
import type { PageServices } from '../pages.ts';

export interface ShopPagesOptions extends Pick<PageServices, 'pages'> {
  readonly shopPages: readonly ShopPage[];
}

/** The pages that the shop wrote itself, such as `/terms`. A page without a text has no route. */
export const shopPageRoutes: FastifyPluginAsyncZod<ShopPagesOptions> = async (
  server,
  { pages, shopPages },
) => {
  for (const page of shopPages) {
    server.get(page.address, async (_request, reply) => pages.send(reply, 'shop-page', { page }));
  }
};
