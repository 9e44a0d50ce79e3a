import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ShopError } from '../domain/errors.ts';
import { FailureLimit } from '../shared/failure-limit.ts';
import { isForeignName, isFromOtherSite, type ServerAddresses } from '../shared/same-site.ts';
import { clientAddressOf } from './client-address.ts';

// Requests that are refused before their handler runs, and the time that a handler may take.

/** Limits the checkouts from one address in this process. All routes that start a checkout count together. */
export function checkoutLimit(checkoutsPerMinute: number) {
  return { rateLimit: { max: checkoutsPerMinute, timeWindow: '1 minute', groupId: 'checkout' } };
}

/**
 * Counts the guesses of discount codes from one address, so that nobody finds by trying which codes exist, or which e-mail addresses have
 * used one.
 */
export function codeGuessLimit(): FailureLimit {
  return new FailureLimit(wrongCodesAtMost, wrongCodesMs);
}

const wrongCodesAtMost = 20;
const wrongCodesMs = 600_000;

const cartChangesPerMinute = 600;
const cartsPerMinute = 120;

/**
 * Limits the cart changes from one address in this process, above what a person can do by hand. A browser without a cookie
 * creates a cart with each change, which stays for days. Therefore it counts separately, with a lower limit.
 */
export function cartLimit(isKnown: (request: FastifyRequest) => boolean) {
  return {
    rateLimit: {
      timeWindow: '1 minute',
      groupId: 'cart',
      max: (request: FastifyRequest) => (isKnown(request) ? cartChangesPerMinute : cartsPerMinute),
      keyGenerator: (request: FastifyRequest) =>
        `${isKnown(request) ? 'known' : 'new'} ${clientAddressOf(request.ip)}`,
    },
  };
}

/** Limits the parts of the sitemap for one address in this process: each is as much work as some pages, and search engines take their time. */
export const sitemapLimit = { rateLimit: { max: 60, timeWindow: '1 minute', groupId: 'sitemap' } };

/** Limits the searches for orders from one address in this process. What one e-mail address gets is limited in the database. */
export const findOrderLimit = { rateLimit: { max: 10, timeWindow: '1 minute', groupId: 'find-order' } };

/** Limits the corrections and requests from one address in this process. Those of one order are limited in the database. */
export const contactLimit = { rateLimit: { max: 30, timeWindow: '1 minute', groupId: 'contact' } };

/** The error of a rate limit. */
export function tooManyRequests(_request: FastifyRequest, context: { after: string }): Error {
  return new ShopError('rate_limited', `Too many requests from this address. Ask again in ${context.after}.`);
}

/**
 * Refuses requests from pages of other sites, so that these cannot order, restock or crash in a shopper's name. Browsers send
 * where a request comes from. Programs, such as the payment provider, send nothing and pass.
 */
export function refuseOtherSites(server: FastifyInstance, addresses: ServerAddresses): void {
  const ours = new URL(addresses.publicUrl).host;
  server.addHook('onRequest', async (request) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new ShopError('malformed_request', 'The request names no host.');
    }
    if (isForeignName(request.hostname, addresses)) {
      throw new ShopError(
        'cross_site',
        'Set PUBLIC_URL to reach this shop under another name than localhost.',
      );
    }
    if (request.method !== 'POST') return;
    if (isFromOtherSite(request.headers, [ours, request.host])) {
      throw new ShopError('cross_site', 'This request came from a page of another site.');
    }
  });
}

/** Refuses compressed bodies. A small one could unpack to a large one, past every limit. */
export function refuseEncodedBodies(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    const { 'content-encoding': encoding = 'identity' } = request.headers;
    if (encoding === 'identity') return;
    reply.header('accept-encoding', 'identity');
    throw new ShopError('unsupported_media_type', 'A body is read only without Content-Encoding.');
  });
}

/**
 * Answers `timeout` when a handler takes longer than `limitMs`. The handler goes on, and its late answer is dropped. Fastify's own
 * `handlerTimeout` does not apply to requests with a body: it ends with the request's `close`, which Node emits once the body is read.
 */
export function limitTime(server: FastifyInstance, limitMs: number): void {
  server.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = async function answerInTime(request, reply) {
      let timer: NodeJS.Timeout | undefined;
      let isLate = false;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          // A stream that has begun may last for as long as its reader stays.
          if (reply.sent || reply.raw.headersSent) return;
          // Fastify would log the late answer with its address, which may contain the token of an order.
          isLate = true;
          reply.log = reply.log.child({}, { level: 'silent' });
          reject(new ShopError('timeout', 'There is no answer yet. The work continues.'));
        }, limitMs);
      });
      try {
        // A handler that returns nothing has sent its answer, or will.
        const answer = Promise.resolve(handler.call(this, request, reply)).then((result) => result ?? reply);
        answer.catch((error: unknown) => {
          if (isLate) request.log.error({ err: error }, 'failed after the time limit');
        });
        return await Promise.race([answer, late]);
      } finally {
        clearTimeout(timer);
      }
    };
  });
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * Answers 405 with `Allow` where an address exists for other methods.
 * @returns a function to call after the last route was registered
 */
export function refuseOtherMethods(server: FastifyInstance): () => void {
  const urls = new Set<string>();
  server.addHook('onRoute', ({ url }) => {
    urls.add(url);
  });
  return () => {
    for (const url of urls) {
      const allowed = methods.filter((method) => server.hasRoute({ url, method }));
      const others = methods.filter((method) => method !== 'HEAD' && !allowed.includes(method));
      if (others.length === 0 || url.includes('*')) continue;
      server.route({
        url,
        method: others,
        // Before the body is read: the method is wrong whatever the body contains.
        onRequest: async (_request, reply) => {
          reply.header('allow', allowed.join(', '));
          throw new ShopError('method_not_allowed', `Only ${allowed.join(', ')} is taken here.`);
        },
        handler: () => undefined,
      });
    }
  };
}
