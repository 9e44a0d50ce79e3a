import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { listCategories, listSitemapParts, listSkusOfPart } from '../../database/queries/sitemap.ts';
import { ShopError } from '../../domain/errors.ts';
import { categoryAddress, productAddress } from '../../storefront/catalogue-view.ts';
import { manifestOf, sitemapIndex, sitemapOf } from '../../storefront/discovery.ts';
import { sitemapLimit } from '../limits.ts';
import { sendText } from '../pages.ts';

export interface DiscoveryOptions {
  readonly database: Database;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  readonly shopName: string;
  /** The addresses of the pages that the shop wrote itself. */
  readonly shopPages: readonly { readonly address: string }[];
  /** The versioned address of an asset; see http/assets.ts. */
  readonly assetAddress: (file: string) => string;
}

const forAnHour = 'public, max-age=3600';
const querystring = z.object({ part: z.string().regex(/^\d{1,9}$/) });

/**
 * The files by which search engines and browsers find out about the shop. Private pages are not listed, and each says `noindex`. A robot
 * must be able to read that, so robots.txt does not forbid them.
 */
export const discoveryRoutes: FastifyPluginAsyncZod<DiscoveryOptions> = async (server, options) => {
  const { database, publicUrl, shopPages } = options;
  server.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 200) reply.header('cache-control', forAnHour);
  });

  server.get('/robots.txt', async (_request, reply) => {
    const lines = ['User-agent: *', 'Disallow: /fragments/', '', `Sitemap: ${publicUrl}/sitemap.xml`];
    return sendText(reply, 'text/plain', `${lines.join('\n')}\n`);
  });

  server.get('/sitemap.xml', async (_request, reply) => {
    const parts = await listSitemapParts(database);
    const paths = ['/sitemap-pages.xml', ...parts.map((part) => `/sitemap-products.xml?part=${part}`)];
    return sendText(reply, 'application/xml', sitemapIndex(publicUrl, paths));
  });

  server.get('/sitemap-pages.xml', async (_request, reply) => {
    const categories = await listCategories(database);
    const paths = ['/', ...shopPages.map(({ address }) => address), ...categories.map(categoryAddress)];
    return sendText(reply, 'application/xml', sitemapOf(publicUrl, paths));
  });

  server.get(
    '/sitemap-products.xml',
    { schema: { querystring }, config: sitemapLimit },
    async (request, reply) => {
      const skus = await listSkusOfPart(database, Number(request.query.part));
      if (skus.length === 0) throw new ShopError('not_found', 'This part of the catalogue has no products.');
      return sendText(reply, 'application/xml', sitemapOf(publicUrl, skus.map(productAddress)));
    },
  );

  server.get('/manifest.webmanifest', async (_request, reply) => {
    const manifest = manifestOf(options.shopName, options.assetAddress);
    return sendText(reply, 'application/manifest+json', JSON.stringify(manifest));
  });
};
