import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { findOrderByToken, listHistory, listOrderLines } from '../../database/queries/orders.ts';
import { ShopError } from '../../domain/errors.ts';
import { orderView } from '../../storefront/order-view.ts';
import { leftPending } from '../left-pending.ts';
import { checkoutLimit } from '../limits.ts';
import type { Pages } from '../pages.ts';
import { orderToken } from '../schemas.ts';

export interface OrderPageOptions {
  readonly database: Database;
  readonly pages: Pages;
  /** Tells a checkout that its shopper cancels; false when there is no such order. */
  readonly askToCancel: (token: string) => Promise<boolean>;
  readonly checkoutsPerMinute: number;
}

const schema = { hide: true, params: z.object({ token: z.string() }) };

/** `/orders/:token`: the page of one order, for whoever knows its address. */
export const orderPageRoutes: FastifyPluginAsyncZod<OrderPageOptions> = async (server, options) => {
  const { database, pages } = options;

  server.get('/orders/:token', { schema }, async (request, reply) =>
    pages.send(reply, 'order', { order: await readOrder(database, request.params.token) }),
  );
  server.get('/fragments/orders/:token', { schema }, async (request, reply) =>
    pages.sendPart(reply, 'parts/order-live', { order: await readOrder(database, request.params.token) }),
  );

  const config = checkoutLimit(options.checkoutsPerMinute);
  server.post('/orders/:token/cancel', { schema, config }, async (request, reply) => {
    const { token } = request.params;
    const known = orderToken.safeParse(token).success && (await options.askToCancel(token));
    if (!known) throw unknownOrder();
    await leftPending(() => findOrderByToken(database, token));
    return reply.redirect(`/orders/${token}`, 303);
  });
};

async function readOrder(database: Database, token: string) {
  const order = orderToken.safeParse(token).success ? await findOrderByToken(database, token) : undefined;
  if (!order) throw unknownOrder();
  const [lines, history] = await Promise.all([
    listOrderLines(database, order.order_id),
    listHistory(database, order.order_id),
  ]);
  return orderView(order, lines, history, new Date());
}

/** The same for an address that cannot be one and for one that is nobody's. */
function unknownOrder(): ShopError {
  return new ShopError('not_found', 'There is no order at this address.');
}
