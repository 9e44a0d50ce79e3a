import type { FastifyHelmetOptions } from '@fastify/helmet';

/** Everything from this origin; forms may also lead to `formTargets`. */
export function contentSecurityPolicy(formTargets: readonly string[]): string {
  return [
    "default-src 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    ['form-action', "'self'", ...formTargets].join(' '),
  ].join('; ');
}

// The policy depends on the session, so it is a header of our own; the address of a payment page is a secret, so no
// other site learns it; HSTS would break a service that speaks plain HTTP.
export const helmetOptions: FastifyHelmetOptions = {
  contentSecurityPolicy: false,
  hsts: false,
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
};
