import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalidRequest } from '../http/errors.ts';
import { findOrRefuse } from '../http/parameters.ts';
import { paymentStatus } from '../objects.ts';
import { expire, pay } from '../sessions.ts';
import type { SimulatorContext } from '../transaction.ts';

const body = z.object({ session_id: z.string() });
const routes = { '/api/submit_payment': pay, '/api/cancel_payment': expire } as const;

/**
 * The tutorial's shopper pays or cancels with curl. As on the payment page, knowing the session is enough. A request that comes
 * too late changes nothing and gets the session's status.
 */
export function tutorialRoutes({ transact }: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    for (const [path, transit] of Object.entries(routes)) {
      server.post(path, async (request) => {
        const { success, data } = body.safeParse(request.body);
        if (!success) {
          throw invalidRequest('The body must be JSON with the text "session_id".', {
            code: 'parameter_missing',
            param: 'session_id',
          });
        }
        const find = (id: string) => transact((transaction) => transit(transaction, id));
        const { session } = await findOrRefuse('checkout.session', data.session_id, find, 'session_id');
        return { session_id: session.id, status: session.status, payment_status: paymentStatus(session) };
      });
    }
  };
}
