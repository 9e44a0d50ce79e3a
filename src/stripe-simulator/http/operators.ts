import type { FastifyInstance } from 'fastify';
import { clientAddressOf } from '../../http/client-address.ts';
import { OperatorSignIn } from '../../shared/operator-sign-in.ts';
import { isForeignName, type ServerAddresses } from '../../shared/same-site.ts';
import { Refusal } from './errors.ts';

// Requests to the simulator that are refused before their handler runs.

/** Refuses requests under a name that another site may have pointed at this machine (DNS rebinding). */
export function refuseForeignNames(server: FastifyInstance, addresses: () => ServerAddresses): void {
  server.addHook('onRequest', async ({ hostname }) => {
    if (!isForeignName(hostname, addresses())) return;
    throw refusal(403, 'Set PAYMENT_SERVICE_URL to reach this service under another name than localhost.');
  });
}

/**
 * Restricts the routes that this instance registers from here on to operators, as the shop does: the operator token is a bearer
 * token, or a password under any user name.
 * @param operatorToken undefined leaves the routes open
 */
export function admitOperators(server: FastifyInstance, operatorToken: string | undefined): void {
  if (operatorToken === undefined) return;
  const signIn = new OperatorSignIn(operatorToken);
  server.addHook('onRequest', async (request, reply) => {
    const address = clientAddressOf(request.ip);
    const result = signIn.check({ authorization: request.headers.authorization, address });
    if (result.outcome === 'right') return;
    if (result.outcome === 'blocked') {
      reply.header('Retry-After', result.retryAfterSeconds);
      throw refusal(429, 'Too many wrong operator tokens came from this address.');
    }
    if (result.outcome === 'wrong') request.log.warn({ address }, 'wrong operator token');
    reply.header('WWW-Authenticate', 'Basic realm="Operators", charset="UTF-8"');
    throw refusal(401, 'Send the operator token (OPERATOR_TOKEN) as a bearer token, or as a password.');
  });
}

function refusal(status: number, message: string): Refusal {
  return new Refusal({ status, type: 'invalid_request_error', message });
}
