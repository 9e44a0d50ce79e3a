import type { FastifyInstance } from 'fastify';
import { ShopError } from '../domain/errors.ts';
import { OperatorSignIn } from '../shared/operator-sign-in.ts';
import { clientAddressOf } from './client-address.ts';
import { wantsPage } from './pages.ts';
import { problems } from './schemas.ts';

const unauthorized = new ShopError('unauthorized', 'Send the operator token as a bearer token.', {
  error: 'unauthorized',
});
const blocked = new ShopError('rate_limited', 'Too many wrong operator tokens came from this address.');

/**
 * Restricts the routes that this instance registers from here on to operators. Programs send the token as a bearer token.
 * Browsers ask for it as a password, under any user name.
 * @param operatorToken undefined leaves the routes open, as in a demonstration
 */
export function admitOperators(server: FastifyInstance, operatorToken: string | undefined): void {
  const signIn = operatorToken === undefined ? undefined : new OperatorSignIn(operatorToken);
  server.addHook('onRoute', (route) => {
    route.schema = {
      ...route.schema,
      security: signIn ? [{ operator: [] }] : [{}, { operator: [] }],
      ...(route.schema?.response !== undefined && {
        response: { ...problems('unauthorized', 'rate_limited'), ...route.schema.response },
      }),
    };
  });
  if (!signIn) return;
  server.addHook('onRequest', async (request, reply) => {
    const address = clientAddressOf(request.ip);
    const result = signIn.check({ authorization: request.headers.authorization, address });
    if (result.outcome === 'right') return;
    if (result.outcome === 'blocked') {
      reply.header('retry-after', result.retryAfterSeconds);
      throw blocked;
    }
    if (result.outcome === 'wrong') request.log.warn({ address }, 'wrong operator token');
    const scheme = wantsPage(request) ? 'Basic realm="Operators", charset="UTF-8"' : 'Bearer';
    reply.header('www-authenticate', scheme);
    throw unauthorized;
  });
}
