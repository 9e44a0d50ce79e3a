import type { FastifyInstance } from 'fastify';
import type { SimulatorContext } from '../context.ts';
import { refusal } from '../http/authentication.ts';
import { sendError } from '../http/errors.ts';
import { injectFaults } from '../http/fault-injection.ts';
import { checkoutSessionRoutes } from './checkout-sessions.ts';
import { eventRoutes } from './events.ts';
import { paymentIntentRoutes } from './payment-intents.ts';
import { refundRoutes } from './refunds.ts';

/** Stripe's API, as far as a shop needs it: with the key, and with whatever goes wrong on purpose. */
export function apiRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onRequest', async (request, reply) => {
      const error = refusal(request.headers.authorization, context.secretKey);
      if (error !== undefined) await sendError(reply, error);
    });
    injectFaults(server, context);
    checkoutSessionRoutes(server, context);
    paymentIntentRoutes(server, context);
    refundRoutes(server, context);
    eventRoutes(server, context);
  };
}
