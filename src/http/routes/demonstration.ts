import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { findOrderBy } from '../../database/queries/orders.ts';
import { ShopError } from '../../domain/errors.ts';
import { sendText } from '../pages.ts';
import { operation, paymentId as paymentIdSchema, problems, response } from '../schemas.ts';
import { waitWhilePending } from './order-page.ts';

export interface DemonstrationOptions {
  readonly database: Database;
  readonly paymentServiceUrl: string;
}

const routeOf = { paid: 'submit_payment', failed: 'cancel_payment', cancelled: 'cancel_payment' } as const;

const callTimeoutMs = 5_000;

/**
 * `POST /payment_webhook/:payment_id/:status`: the widget store's route, for demonstrations only. It asks the local payment
 * service to complete or to end the session, and waits until the order shows it. Here, too, only the payment service can
 * make an order paid.
 */
export const demonstrationRoutes: FastifyPluginAsyncZod<DemonstrationOptions> = async (server, options) => {
  server.post(
    '/payment_webhook/:payment_id/:status',
    operation('demonstration', 'endSimulatedPayment', 'Complete or end a simulated payment', {
      params: z.object({
        payment_id: paymentIdSchema,
        status: z.enum(['paid', 'failed', 'cancelled']),
      }),
      response: {
        200: response('The order id', z.string().meta({ examples: ['1'] }), 'text/plain'),
        ...problems('invalid_input', 'not_found', 'timeout'),
      },
    }),
    async (request, reply) => {
      const { payment_id: paymentId, status } = request.params;
      const order = await findOrderBy(options.database, { session_id: paymentId });
      if (!order) throw new ShopError('not_found', 'There is no such payment.');
      if (order.status === 'pending') {
        await actOnSession(`${options.paymentServiceUrl}/api/${routeOf[status]}`, paymentId);
        const ended = await waitWhilePending(() => findOrderBy(options.database, { session_id: paymentId }));
        if (!ended) throw new ShopError('timeout', 'The order does not show the payment yet. Ask again.');
      }
      return sendText(reply, 'text/plain', String(order.orderId));
    },
  );
};

async function actOnSession(url: string, sessionId: string): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: sessionId }),
    signal: AbortSignal.timeout(callTimeoutMs),
  }).catch(() => undefined);
  if (!answer?.ok) throw new ShopError('timeout', 'The payment service did not answer. Ask again.');
}
