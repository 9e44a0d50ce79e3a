import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { missing, sendError } from '../http/errors.ts';
import { isIdentifier } from '../identifier.ts';
import { paymentStatus } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { expire, pay, type Transition } from '../transitions.ts';

const body = z.object({ session_id: z.string() });

/**
 * What the tutorial's shopper does with curl: submit or cancel the payment. No API key: knowing the session is enough, as
 * on the payment page. What can no longer happen changes nothing and answers the state.
 */
export function tutorialRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    transitionRoute(server, context, '/api/submit_payment', pay);
    transitionRoute(server, context, '/api/cancel_payment', expire);
  };
}

function transitionRoute(
  server: FastifyInstance,
  context: SimulatorContext,
  path: string,
  transit: (transaction: Transaction, id: string) => Promise<Transition | undefined>,
): void {
  server.post(path, async (request, reply) => {
    const parsed = body.safeParse(request.body);
    if (!parsed.success) {
      return sendError(reply, {
        status: 400,
        type: 'invalid_request_error',
        code: 'parameter_missing',
        message: 'The body must be JSON with the text "session_id".',
        param: 'session_id',
      });
    }
    const id = parsed.data.session_id;
    const transition =
      id.startsWith('cs_') && isIdentifier(id)
        ? await context.transact((transaction) => transit(transaction, id))
        : undefined;
    if (transition === undefined) throw missing('checkout.session', id, 'session_id');
    const { session } = transition;
    return { session_id: session.id, status: session.status, payment_status: paymentStatus(session) };
  });
}
