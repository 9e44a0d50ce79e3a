import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { selectCharge } from '../charges.ts';
import { selectEvent } from '../database/events.ts';
import { errorBody } from '../http/errors.ts';
import { injectFaults } from '../http/fault-injection.ts';
import { listRoute } from '../http/lists.ts';
import { type ById, expand, findOrRefuse, noParameters, readParameters, text } from '../http/parameters.ts';
import { chargeObject, paymentIntentObject } from '../objects.ts';
import { findSession } from '../sessions.ts';
import type { SimulatorContext } from '../transaction.ts';
import { checkoutSessionRoutes } from './checkout-sessions.ts';
import { couponRoutes } from './coupons.ts';
import { refundRoutes } from './refunds.ts';

const invalidKey = {
  status: 401,
  type: 'invalid_request_error',
  message: 'Invalid API Key provided. Send it as "Authorization: Bearer YOUR_SECRET_KEY".',
} as const;

const intentRetrieval = z.strictObject({ expand: expand('latest_charge') });

/** The part of Stripe's API that a shop needs. Every call needs the API key, and the injected faults apply. */
export function apiRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    await server.register(bearerAuth, {
      keys: new Set([context.secretKey]),
      // The scheme may have any case.
      specCompliance: 'rfc6749',
      verifyErrorLogLevel: 'debug',
      // The option's type allows only a text, and Stripe's errors are objects.
      errorResponse: () => errorBody(invalidKey) as { error: never },
    });
    injectFaults(server, context);
    checkoutSessionRoutes(server, context);
    couponRoutes(server, context);
    refundRoutes(server, context);
    paymentIntentRoutes(server, context);
    eventRoutes(server, context);
  };
}

/** Payment intents and charges, which only the payment page creates. */
function paymentIntentRoutes(server: FastifyInstance, { sql, transact }: SimulatorContext): void {
  server.get<ById>('/v1/payment_intents/:id', async (request) => {
    const { expand } = readParameters(intentRetrieval, request.query);
    const { id } = request.params;
    const find = () => transact((transaction) => findSession(transaction, id));
    const session = await findOrRefuse('payment_intent', id, find, 'intent');
    return paymentIntentObject(session, await selectCharge(sql, id), expand.includes('latest_charge'));
  });

  server.get<ById>('/v1/charges/:id', async (request) => {
    readParameters(noParameters, request.query);
    const charge = await findOrRefuse('charge', request.params.id, (id) => selectCharge(sql, id));
    return chargeObject(charge);
  });
}

/** Events, delivered or not. */
function eventRoutes(server: FastifyInstance, context: SimulatorContext): void {
  listRoute<{ body: string }>(server, context, '/v1/events', {
    kind: 'event',
    from: 'events',
    filters: {
      type: { schema: text(100).optional(), condition: 'type = :type' },
      types: { schema: z.array(text(100)).min(1).max(20).optional(), condition: 'type = any(:types)' },
    },
    show: ({ body }) => JSON.parse(body) as object,
  });

  server.get<ById>('/v1/events/:id', async (request) => {
    readParameters(noParameters, request.query);
    const body = await findOrRefuse('event', request.params.id, (id) => selectEvent(context.sql, id));
    return JSON.parse(body) as object;
  });
}
