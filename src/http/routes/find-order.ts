import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EmailDelivery } from '../../database/queries/emails.ts';
import { emailFaultOf } from '../../storefront/contact-view.ts';
import { words } from '../../storefront/words.ts';
import { findOrderLimit } from '../limits.ts';
import type { PageServices } from '../pages.ts';
import { typedBuyerDetails } from '../schemas.ts';

export interface FindOrderOptions extends PageServices {
  /** Plans the message with the links of an address, if it has paid orders and may get one. */
  readonly planOrderLinks: (email: string) => Promise<void>;
  readonly delivery: EmailDelivery;
}

// Longer than the work takes. The answer for an address with orders, which is some writes more, comes no later than for another one.
const answerAfterMs = 400;

// With any other value in the address, the page comes with the form.
const querystring = z.object({ asked: z.literal('1').optional().catch(undefined) });

/**
 * `/find-order`: sends the links of its orders to an address. The answer is the same for each address, so it reveals to nobody who has
 * ordered here.
 */
export const findOrderRoutes: FastifyPluginAsyncZod<FindOrderOptions> = async (server, options) => {
  const { pages, delivery } = options;
  const view = (isAsked: boolean, typed: string, fault: string | null) => ({
    find: {
      title: fault ?? (isAsked ? words.findOrder.asked : words.findOrder.title),
      isAsked,
      typed,
      fault,
      delivery,
    },
  });

  server.get('/find-order', { schema: { querystring } }, async (request, reply) =>
    pages.send(reply, 'find-order', view(delivery !== 'off' && request.query.asked !== undefined, '', null)),
  );

  const schema = { body: z.object(typedBuyerDetails).nullish() };
  server.post('/find-order', { schema, config: findOrderLimit }, async (request, reply) => {
    if (delivery === 'off') return reply.redirect('/find-order', 303);
    const typed = request.body?.email ?? '';
    const fault = emailFaultOf(typed);
    if (fault !== null) return pages.send(reply.code(400), 'find-order', view(false, typed, fault));
    await Promise.all([options.planOrderLinks(typed), pause(answerAfterMs)]);
    return reply.redirect('/find-order?asked=1', 303);
  });
};
