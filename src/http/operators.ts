import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance } from 'fastify';
import { ShopError } from '../domain/errors.ts';
import { problemOf, problemType } from './errors.ts';

const howToAuthorize = 'Send the operator token as a bearer token.';

/**
 * Lets operators alone to the routes that this plugin registers from here on: they show the token, which is compared in constant
 * time. Undefined leaves the routes open, as in a demonstration.
 */
export async function admitOperators(
  server: FastifyInstance,
  operatorToken: string | undefined,
): Promise<void> {
  if (operatorToken === undefined) return;
  await server.register(bearerAuth, {
    keys: new Set([operatorToken]),
    specCompliance: 'rfc6750',
    contentType: problemType,
    errorResponse: () => ({
      ...problemOf(new ShopError('unauthorized', howToAuthorize)),
      error: 'unauthorized',
    }),
    verifyErrorLogLevel: 'info',
  });
  server.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Bearer');
  });
}
