import type { FastifyRequest } from 'fastify';

/** The limit on checkouts from one address in this process, counted together over all routes that start one. */
export function checkoutLimit(checkoutsPerMinute: number) {
  return { rateLimit: { max: checkoutsPerMinute, timeWindow: '1 minute', groupId: 'checkout' } };
}

const cartChangesPerMinute = 600;
const cartsPerMinute = 120;

/**
 * The limit on changes of carts from one address in this process: more than hands can do. Browsers without a cookie make a new
 * cart with each, which stays for days, so they are counted by themselves and sooner stopped.
 */
export function cartLimit(isKnown: (request: FastifyRequest) => boolean) {
  return {
    rateLimit: {
      timeWindow: '1 minute',
      groupId: 'cart',
      max: (request: FastifyRequest) => (isKnown(request) ? cartChangesPerMinute : cartsPerMinute),
      keyGenerator: (request: FastifyRequest) => `${isKnown(request) ? 'known' : 'new'} ${request.ip}`,
    },
  };
}
