import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Asset, type Assets, type Encoding, plainPrefix } from '../assets.ts';

const forever = 'public, max-age=31536000, immutable';
const forAnHour = 'public, max-age=3600';

/**
 * The files of the pages, from memory (decision 15). Browsers may cache them for ever under the address with the hash, and for an
 * hour under the plain one, which `GET /products` contains.
 */
export const assetRoutes: FastifyPluginAsyncZod<{ assets: Assets }> = async (server, { assets }) => {
  // The files are compressed once, not for each request.
  const options = { compress: false, schema: { hide: true, params: z.object({ '*': z.string() }) } } as const;

  for (const [prefix, cacheControl] of [
    [assets.prefix, forever],
    [plainPrefix, forAnHour],
  ]) {
    server.get(`${prefix}*`, options, async (request, reply) => {
      const asset = assets.find(request.params['*']);
      if (!asset) return reply.callNotFound();
      const encoding = encodingFor(request, asset);
      const etag = `"${asset.digest}-${encoding}"`;
      reply.header('cache-control', cacheControl).header('etag', etag);
      if (asset.compressible) reply.header('vary', 'accept-encoding');
      if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send();
      if (encoding !== 'identity') reply.header('content-encoding', encoding);
      return reply.type(asset.type).send(await asset.body(encoding));
    });
  }
};

/** The smallest encoding that the client accepts, in whatever order it lists them. */
function encodingFor(request: FastifyRequest, { compressible }: Asset): Encoding {
  const taken = request.accepts().encodings();
  const compressed = (['br', 'gzip'] as const).find((encoding) => taken.includes(encoding));
  return (compressible && compressed) || 'identity';
}
