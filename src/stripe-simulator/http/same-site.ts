import type { FastifyRequest } from 'fastify';
import { Refusal } from './errors.ts';

/**
 * Keeps pages of other sites from using a visitor's browser to write here. A client that is no browser sends neither
 * header and may pass.
 * @throws Refusal
 */
export function refuseOtherSites(request: FastifyRequest): void {
  const { origin, 'sec-fetch-site': site, host } = request.headers;
  const own =
    site === undefined
      ? origin === undefined || hostOf(origin) === host
      : site === 'same-origin' || site === 'none';
  if (own) return;
  throw new Refusal({
    status: 403,
    type: 'invalid_request_error',
    message: 'Only the control panel itself and clients that are no browsers may do this.',
  });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
