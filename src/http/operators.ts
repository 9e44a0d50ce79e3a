import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance } from 'fastify';
import { ShopError } from '../domain/errors.ts';
import { problemMediaType, problemOf } from './errors.ts';
import { wantsPage } from './pages.ts';
import { problems } from './schemas.ts';

const unauthorized = new ShopError('unauthorized', 'Send the operator token as a bearer token.');

/**
 * Restricts the routes that this instance registers from here on to operators. Programs send the token as a bearer token.
 * Browsers ask for it as a password, under any user name. The comparison takes constant time.
 * @param operatorToken undefined leaves the routes open, as in a demonstration
 */
export async function admitOperators(
  server: FastifyInstance,
  operatorToken: string | undefined,
): Promise<void> {
  const isOpen = operatorToken === undefined;
  server.addHook('onRoute', (route) => {
    route.schema = {
      ...route.schema,
      security: isOpen ? [{}, { operator: [] }] : [{ operator: [] }],
      ...(route.schema?.response !== undefined && {
        response: { ...problems('unauthorized'), ...route.schema.response },
      }),
    };
  });
  if (isOpen) return;
  server.addHook('onRequest', async ({ headers }) => {
    const password = passwordIn(headers.authorization);
    if (password !== undefined) headers.authorization = `Bearer ${password}`;
  });
  await server.register(bearerAuth, {
    keys: new Set([operatorToken]),
    specCompliance: 'rfc6750',
    contentType: `${problemMediaType}; charset=utf-8`,
    errorResponse: () => ({ ...problemOf(unauthorized), error: 'unauthorized' }),
    verifyErrorLogLevel: 'info',
  });
  server.addHook('onSend', async (request, reply) => {
    if (reply.statusCode !== 401) return;
    const scheme = wantsPage(request) ? 'Basic realm="Operators", charset="UTF-8"' : 'Bearer';
    reply.header('www-authenticate', scheme);
  });
}

/** The password of HTTP Basic credentials (RFC 7617), if there are any. */
function passwordIn(authorization: string | undefined): string | undefined {
  const [, credentials] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (credentials === undefined) return undefined;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return password;
}
