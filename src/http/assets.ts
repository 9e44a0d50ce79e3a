import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** The static files of the pages: styles, scripts, pictures. */
export interface Assets {
  /** The prefix of every path. It contains a hash of all files, so that browsers may cache each of them for ever. */
  readonly prefix: string;
  /**
   * The address of a file; any other address is returned unchanged. Pages load files from this host only: the
   * Content-Security-Policy keeps other hosts from learning who reads what.
   */
  readonly address: (file: string) => string;
  /** The file of a path below the prefix. Paths have slashes on every system. */
  readonly find: (file: string) => Asset | undefined;
}

/** The content encodings of a file. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** One file, held in memory. */
export interface Asset {
  readonly type: string;
  /** A hash of the content. */
  readonly digest: string;
  /** Whether compression saves time. */
  readonly compressible: boolean;
  /** The encoded content. The first request compresses it; later ones reuse the result. */
  readonly body: (encoding: Encoding) => Promise<Buffer>;
}

/** The prefix without a hash, for addresses in JSON. */
const plainPrefix = '/assets/';

/** Scripts of packages, as the packages ship them, by their path below the prefix. */
const libraries: Readonly<Record<string, string>> = {
  'js/idiomorph.js': createRequire(import.meta.url).resolve('idiomorph/dist/idiomorph.min.js'),
};

const digits = 12;
/** In bytes. A body that fits into one packet gains nothing from compression. */
export const smallestToCompress = 1_400;

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/**
 * Reads every file of `folder` and of `libraries` once. One hash for all files keeps the relative addresses between them
 * intact.
 * @throws when a file has an unknown type
 */
export function readAssets(folder: string): Assets {
  const hash = createHash('sha256');
  const assets = new Map<string, Asset>();
  const files = listFiles(folder).map((file) => [file.replaceAll(path.sep, '/'), path.join(folder, file)]);
  for (const [name = '', file = ''] of [...files, ...Object.entries(libraries)]) {
    const content = readFileSync(file);
    hash.update(name).update(content);
    assets.set(name, assetOf(name, content));
  }
  const prefix = `${plainPrefix}${hash.digest('hex').slice(0, digits)}/`;
  return {
    prefix,
    address: (file) => (file.startsWith(plainPrefix) ? prefix + file.slice(plainPrefix.length) : file),
    find: (file) => assets.get(file),
  };
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

function assetOf(file: string, content: Buffer): Asset {
  const type = types[path.extname(file)];
  if (type === undefined)
    throw new Error(`The type of ${file} is unknown; src/http/assets.ts lists the known types.`);
  const bodies: Partial<Record<Encoding, Promise<Buffer>>> = {};
  return {
    type,
    digest: createHash('sha256').update(content).digest('hex').slice(0, digits),
    compressible: content.length >= smallestToCompress && type !== types['.png'],
    body: (encoding) => (bodies[encoding] ??= encoders[encoding](content)),
  };
}

const encoders: Readonly<Record<Encoding, (content: Buffer) => Promise<Buffer>>> = {
  br: promisify<Buffer, Buffer>(brotliCompress),
  gzip: promisify<Buffer, Buffer>(gzip),
  identity: (content) => Promise.resolve(content),
};

const forever = 'public, max-age=31536000, immutable';
const forAnHour = 'public, max-age=3600';

/**
 * The files of the pages, from memory (decision 15). Browsers may cache them for ever under the address with the hash, and for an
 * hour under the plain one, which `GET /products` contains.
 */
export const assetRoutes: FastifyPluginAsyncZod<{ assets: Assets }> = async (server, { assets }) => {
  // The files are compressed once, not for each request.
  const options = { compress: false, schema: { params: z.object({ '*': z.string() }) } } as const;

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
