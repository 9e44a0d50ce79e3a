import type { FastifyInstance } from 'fastify';
import { ShopError } from '../domain/errors.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * Answers 405 with `Allow` where an address exists but takes other methods.
 * @returns the function to call when all routes stand.
 */
export function watchMethods(server: FastifyInstance): () => void {
  const taken = new Map<string, Set<string>>();
  server.addHook('onRoute', ({ url, method }) => {
    const known = taken.get(url) ?? new Set();
    for (const one of [method].flat()) known.add(one);
    taken.set(url, known);
  });
  return () => {
    // Copied first, because the routes added here are seen by the hook as well.
    const known = [...taken].map(([url, allowed]) => ({ url, allowed: new Set(allowed) }));
    for (const { url, allowed } of known) {
      const others = methods.filter((method) => !allowed.has(method));
      if (others.length === 0 || url.includes('*')) continue;
      server.route({
        url,
        method: [...others],
        schema: { hide: true },
        // Before the body is read: whatever it holds, the method is what is wrong.
        onRequest: async (_request, reply) => {
          reply.header('allow', [...allowed].join(', '));
          throw new ShopError('method_not_allowed', `Only ${[...allowed].join(', ')} is taken here.`);
        },
        handler: () => undefined,
      });
    }
  };
}
