import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { listNewestOrders, listOrdersOfBrowser } from '../../database/queries/orders.ts';
import { recentOrdersView, yourOrdersView } from '../../storefront/order-lists-view.ts';
import { cartLimit } from '../limits.ts';
import type { PageServices } from '../pages.ts';
import { serial } from '../schemas.ts';

const newest = 10;

/** The newest orders of all shoppers. Only a demonstration whose orders are public shows them. */
export const recentOrderRoutes: FastifyPluginAsyncZod<PageServices> = async (server, { database, pages }) => {
  const read = async () => ({
    orders: recentOrdersView(await listNewestOrders(database, newest), new Date()),
  });

  server.get('/recent-orders', async (_request, reply) => pages.send(reply, 'recent-orders', await read()));
  server.get('/fragments/recent-orders', async (_request, reply) =>
    pages.sendPart(reply, 'parts/recent-orders-live', await read()),
  );
};

export interface YourOrdersOptions extends PageServices {
  /** Removes the id of a browser from its orders, and its cart. */
  readonly forgetBrowser: (browserId: string) => Promise<void>;
}

// With any other value in the address, the page comes without a message, and with the newest orders.
const querystring = z.object({
  forgotten: z.literal('1').optional().catch(undefined),
  before: serial.optional().catch(undefined),
});

/** `/your-orders`: the orders that were placed in this browser, and the form by which the shop forgets it. */
export const yourOrdersRoutes: FastifyPluginAsyncZod<YourOrdersOptions> = async (server, options) => {
  const { database, pages, browsers } = options;

  server.get('/your-orders', { schema: { querystring } }, async (request, reply) => {
    const browserId = browsers.of(request);
    const { before = null, forgotten } = request.query;
    const orders =
      browserId === null
        ? { orders: [], olderThan: null }
        : await listOrdersOfBrowser(database, browserId, before);
    const state = {
      isKnown: browserId !== null,
      isForgotten: forgotten !== undefined,
      isNewest: before === null,
    };
    return pages.send(reply, 'your-orders', { mine: yourOrdersView(orders, state) });
  });

  const config = cartLimit((request) => browsers.of(request) !== null);
  server.post('/your-orders/forget', { config }, async (request, reply) => {
    const browserId = browsers.forget(request, reply);
    if (browserId !== null) await options.forgetBrowser(browserId);
    return reply.redirect('/your-orders?forgotten=1', 303);
  });
  // After a refused form, the browser shows the form's address, and a reload requests it by GET.
  server.get('/your-orders/forget', async (_request, reply) => reply.redirect('/your-orders', 303));
};
