import type { FastifyRequest } from 'fastify';
import { isFromOtherSite } from '../../shared/same-site.ts';
import { Refusal } from './errors.ts';

/**
 * Keeps pages of other sites from using a visitor's browser to write here.
 * @throws Refusal
 */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  if (!isFromOtherSite(headers, [headers.host ?? ''])) return;
  throw new Refusal({
    status: 403,
    type: 'invalid_request_error',
    message: 'Only the control panel itself and clients that are no browsers may do this.',
  });
}
