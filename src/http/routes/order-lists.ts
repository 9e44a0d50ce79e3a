import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { listOrders, listOrdersOfBrowser } from '../../database/queries/orders.ts';
import { listProducts } from '../../database/queries/products.ts';
import { recentOrdersView, yourOrdersView } from '../../storefront/order-lists-view.ts';
import type { PageServices } from '../pages.ts';

const newest = 10;

/** The newest orders of all shoppers. Only a demonstration shows them. */
export const recentOrderRoutes: FastifyPluginAsyncZod<PageServices> = async (server, { database, pages }) => {
  const read = async () => {
    const [orders, products] = await Promise.all([listOrders(database, newest), listProducts(database)]);
    return { orders: recentOrdersView(orders, products, new Date()) };
  };

  server.get('/recent-orders', async (_request, reply) => pages.send(reply, 'recent-orders', await read()));
  server.get('/fragments/recent-orders', async (_request, reply) =>
    pages.sendPart(reply, 'parts/recent-orders-live', await read()),
  );
};

/** `/your-orders`: the orders that were placed in this browser. */
export const yourOrdersRoutes: FastifyPluginAsyncZod<PageServices> = async (server, services) => {
  const { database, pages, browsers } = services;
  server.get('/your-orders', async (request, reply) => {
    const browserId = browsers.of(request);
    const orders = browserId === null ? [] : await listOrdersOfBrowser(database, browserId);
    return pages.send(reply, 'your-orders', { mine: yourOrdersView(orders, new Date()) });
  });
};
