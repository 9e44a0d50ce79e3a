import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Database } from '../../database/connection.ts';
import { listOrdersOfBrowser } from '../../database/queries/orders.ts';
import { yourOrdersView } from '../../storefront/your-orders-view.ts';
import type { Browsers } from '../browsers.ts';
import type { Pages } from '../pages.ts';

export interface YourOrdersOptions {
  readonly database: Database;
  readonly pages: Pages;
  readonly browsers: Browsers;
}

/** `/your-orders`: the orders that were placed in the browser that asks. */
export const yourOrdersRoutes: FastifyPluginAsyncZod<YourOrdersOptions> = async (server, options) => {
  const { database, pages, browsers } = options;
  server.get('/your-orders', { schema: { hide: true } }, async (request, reply) => {
    const browserId = browsers.of(request);
    const orders = browserId === null ? [] : await listOrdersOfBrowser(database, browserId);
    return pages.send(reply, 'your-orders', { mine: yourOrdersView(orders, new Date()) });
  });
};
