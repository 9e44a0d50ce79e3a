import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { readOrderStory } from '../../database/queries/order-story.ts';
import { findOrderByToken } from '../../database/queries/orders.ts';
import { type OrderView, orderView } from '../../storefront/order-view.ts';
import { leftPending } from '../left-pending.ts';
import { checkoutLimit } from '../limits.ts';
import { tokenToLookUp, unknownOrder } from '../order-address.ts';
import type { Pages } from '../pages.ts';

export interface OrderPageOptions {
  readonly database: Database;
  readonly pages: Pages;
  /** Tells a checkout that its shopper cancels; false when there is no such order. */
  readonly askToCancel: (token: string) => Promise<boolean>;
  readonly checkoutsPerMinute: number;
}

// Looks of a page without script, five seconds apart, before the way to the payment is offered again.
const looksAfterPaying = 6;
const params = z.object({ token: z.string() });
const querystring = z.object({
  returned: z.coerce.number().pipe(z.int().min(1).max(looksAfterPaying)).optional().catch(undefined),
});

/** `/orders/:token`: the page of one order, for whoever knows its address. */
export const orderPageRoutes: FastifyPluginAsyncZod<OrderPageOptions> = async (server, options) => {
  const { database, pages } = options;

  server.get('/orders/:token', { schema: { hide: true, params, querystring } }, async (request, reply) => {
    const order = await readOrder(database, request.params.token);
    return pages.send(reply, 'order', { order, ...afterPaying(order, request.query.returned) });
  });
  const schema = { hide: true, params };
  server.get('/fragments/orders/:token', { schema }, async (request, reply) =>
    pages.sendPart(reply, 'parts/order-live', { order: await readOrder(database, request.params.token) }),
  );

  const config = checkoutLimit(options.checkoutsPerMinute);
  server.post('/orders/:token/cancel', { schema, config }, async (request, reply) => {
    const token = tokenToLookUp(request.params.token);
    if (!(await options.askToCancel(token))) throw unknownOrder();
    await leftPending(() => findOrderByToken(database, token));
    return reply.redirect(`/orders/${token}`, 303);
  });
};

/**
 * Whoever comes from the payment page is not asked to pay again while the provider's word is on its way. Only for a while:
 * each look without script names the next one, and the last one the plain address. Nor is who may have paid what is
 * cancelled told that nothing was charged, for as long as that may turn out to be wrong.
 */
function afterPaying({ token, pay, lateForMs }: OrderView, look: number | undefined) {
  const plain = `/orders/${token}`;
  if (look === undefined || (pay === null && lateForMs === null)) return { returned: false, again: plain };
  const next = pay === null ? look : look + 1;
  return { returned: true, again: next > looksAfterPaying ? plain : `${plain}?returned=${next}` };
}

async function readOrder(database: Database, token: string): Promise<OrderView> {
  const story = await readOrderStory(database, { token: tokenToLookUp(token) });
  if (!story) throw unknownOrder();
  return orderView(story, new Date());
}
