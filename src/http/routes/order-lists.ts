import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Database } from '../../database/connection.ts';
import { listOrders, listOrdersOfBrowser } from '../../database/queries/orders.ts';
import { listProducts } from '../../database/queries/products.ts';
import { recentOrdersView, yourOrdersView } from '../../storefront/order-lists-view.ts';
import type { Browsers } from '../browsers.ts';
import type { Pages } from '../pages.ts';

export interface RecentOrderOptions {
  readonly database: Database;
  readonly pages: Pages;
}

const newest = 10;

/** The newest orders of all shoppers. Only a demonstration shows them. */
export const recentOrderRoutes: FastifyPluginAsyncZod<RecentOrderOptions> = async (
  server,
  { database, pages },
) => {
  const page = { schema: { hide: true } };
  const read = async () => {
    const [orders, products] = await Promise.all([listOrders(database, newest), listProducts(database)]);
    return { orders: recentOrdersView(orders, products, new Date()) };
  };

  server.get('/recent-orders', page, async (_request, reply) =>
    pages.send(reply, 'recent-orders', await read()),
  );
  server.get('/fragments/recent-orders', page, async (_request, reply) =>
    pages.sendPart(reply, 'parts/recent-orders-live', await read()),
  );
};

export interface YourOrdersOptions {
  readonly database: Database;
  readonly pages: Pages;
  readonly browsers: Browsers;
}

/** `/your-orders`: the orders that were placed in this browser. */
export const yourOrdersRoutes: FastifyPluginAsyncZod<YourOrdersOptions> = async (server, options) => {
  const { database, pages, browsers } = options;
  server.get('/your-orders', { schema: { hide: true } }, async (request, reply) => {
    const browserId = browsers.of(request);
    const orders = browserId === null ? [] : await listOrdersOfBrowser(database, browserId);
    return pages.send(reply, 'your-orders', { mine: yourOrdersView(orders, new Date()) });
  });
};
