import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance } from 'fastify';
import { ShopError } from '../domain/errors.ts';
import { problemOf, problemType } from './errors.ts';
import { wantsPage } from './server.ts';

const howToAuthorize = 'Send the operator token as a bearer token.';

/**
 * Lets operators alone to the routes that this plugin registers from here on: programs send the token as a bearer token, and
 * browsers ask for it as a password, under any name. It is compared in constant time. Undefined leaves the routes open, as in a
 * demonstration.
 */
export async function admitOperators(
  server: FastifyInstance,
  operatorToken: string | undefined,
): Promise<void> {
  if (operatorToken === undefined) return;
  server.addHook('onRequest', async ({ headers }) => {
    const password = passwordIn(headers.authorization);
    if (password !== undefined) headers.authorization = `Bearer ${password}`;
  });
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
  server.addHook('onSend', async (request, reply) => {
    if (reply.statusCode !== 401) return;
    reply.header(
      'www-authenticate',
      wantsPage(request) ? 'Basic realm="Operators", charset="UTF-8"' : 'Bearer',
    );
  });
}

/** What a browser sends for a name and a password (RFC 7617). */
function passwordIn(authorization: string | undefined): string | undefined {
  const [, credentials] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (credentials === undefined) return undefined;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return password;
}
