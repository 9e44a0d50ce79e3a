import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

/** The files that pages are made with: style, scripts, pictures. */
export interface Assets {
  /** What stands before the path of every file: it names the content of all of them, so each may be kept for ever. */
  readonly prefix: string;
  /**
   * The address of a file; what is none of ours stays as it is. Pages show files of this host alone: the Content-Security-Policy
   * lets no other one see who looks at what.
   */
  readonly address: (file: string) => string;
  /** The file of a path below the prefix, with slashes on every system. */
  readonly find: (file: string) => Asset | undefined;
}

/** How a body may travel. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** One file, held in memory. */
export interface Asset {
  readonly type: string;
  /** Names the content. */
  readonly digest: string;
  /** Whether it travels faster when it is compressed. */
  readonly compressible: boolean;
  /** The content as it travels; compressed when it is first asked for, and then kept. */
  readonly body: (encoding: Encoding) => Promise<Buffer>;
}

/** Where the files are to be found under names that say nothing of their content. */
export const plainPrefix = '/assets/';

const digits = 12;
/** In bytes: what fits into one packet travels no faster when it is smaller. */
export const smallestToCompress = 1_400;

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads every file of `folder` once. One name for all of them keeps the relative addresses between them intact.
 * @throws when there is a file of a type that is not known
 */
export function readAssets(folder: string): Assets {
  const hash = createHash('sha256');
  const assets = new Map<string, Asset>();
  for (const file of listFiles(folder)) {
    const content = readFileSync(path.join(folder, file));
    hash.update(file).update(content);
    assets.set(file.replaceAll(path.sep, '/'), assetOf(file, content));
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
    throw new Error(`The type of ${file} is not known; src/http/assets.ts lists those that are.`);
  const bodies: Partial<Record<Encoding, Promise<Buffer>>> = {};
  return {
    type,
    digest: createHash('sha256').update(content).digest('hex').slice(0, digits),
    compressible: content.length >= smallestToCompress,
    body: (encoding) => (bodies[encoding] ??= encoders[encoding](content)),
  };
}

const encoders: Readonly<Record<Encoding, (content: Buffer) => Promise<Buffer>>> = {
  br: promisify<Buffer, Buffer>(brotliCompress),
  gzip: promisify<Buffer, Buffer>(gzip),
  identity: (content) => Promise.resolve(content),
};
