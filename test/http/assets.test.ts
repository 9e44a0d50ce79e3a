import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Assets, readAssets } from '../../src/http/assets.ts';
import { buildServer } from '../../src/http/server.ts';
import { timeLimits } from '../../src/shared/http-server.ts';

// The static files of the pages (decisions 12 and 15), as browsers request them.

const folder = fileURLToPath(new URL('../../public/assets', import.meta.url));
const large = 'css/layout.css';
const small = 'favicon.svg';
let assets: Assets;
let server: FastifyInstance;

beforeAll(async () => {
  assets = readAssets(folder);
  server = await buildServer({
    logLevel: 'silent',
    executorId: 'shop-0',
    trustProxy: 0,
    assets,
    cookieSecrets: ['cookie_test_4e91d07c3ab85f62'],
    publicUrl: 'http://localhost',
    listenUrl: 'http://127.0.0.1:3000',
    paymentOrigin: 'http://localhost:1',
    connectionLimits: { ...timeLimits, connections: 100 },
    onFailure: () => undefined,
    renderProblem: async ({ code }) => `page of ${code}`,
  });
});

afterAll(() => server.close());

function get(file: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  return server.inject({ method, url: assets.prefix + file, headers: { host: 'localhost', ...headers } });
}

const content = (file: string) => readFileSync(path.join(folder, file));

const everyFile = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));

test.each(everyFile)('%s arrives unchanged in every encoding', async (file) => {
  const decoders = { identity: (body: Buffer) => body, gzip: gunzipSync, br: brotliDecompressSync };
  for (const [encoding, decode] of Object.entries(decoders)) {
    const { statusCode, headers, rawPayload } = await get(file, { 'accept-encoding': encoding });
    expect(statusCode).toBe(200);
    const isEncoded = headers['content-encoding'] === encoding;
    expect((isEncoded ? decode(rawPayload) : rawPayload).equals(content(file))).toBe(true);
    expect(Number(headers['content-length'])).toBe(rawPayload.length);
    expect(headers['content-type']).toMatch(
      /^(text\/(css|javascript); charset=utf-8|image\/(svg\+xml|png))$/,
    );
  }
});

describe('a file is compressed', () => {
  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5, gzip', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['deflate', undefined],
    ['gzip;q=0', undefined],
    ['', undefined],
  ])('for a browser that accepts “%s”, with %s', async (taken, encoding) => {
    const { headers } = await get(large, { 'accept-encoding': taken });
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['vary']).toBe('accept-encoding');
  });

  test.each([
    ['it fits into one packet', small],
    ['it is a picture that is compressed already', 'icons/512.png'],
  ])('unless %s', async (_reason, file) => {
    const { headers } = await get(file, { 'accept-encoding': 'br' });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).not.toHaveProperty('vary');
  });
});

describe('a browser caches a file', () => {
  test('for ever under the address with the hash, and for an hour under the plain one', async () => {
    expect((await get(large)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const plain = await server.inject({ url: `/assets/${large}`, headers: { host: 'localhost' } });
    expect(plain.headers['cache-control']).toBe('public, max-age=3600');
    expect(plain.rawPayload.equals(content(large))).toBe(true);
  });

  test('and gets 304 for each encoding while the file is unchanged', async () => {
    const accept = { 'accept-encoding': 'br' };
    const { etag } = (await get(large, accept)).headers;
    for (const known of [`${etag}`, `W/${etag}`, `"another", ${etag}`]) {
      const again = await get(large, { ...accept, 'if-none-match': known });
      expect([again.statusCode, again.body]).toEqual([304, '']);
      expect(again.headers).toMatchObject({ etag, vary: 'accept-encoding' });
      expect(again.headers['cache-control']).toContain('immutable');
    }
    const inAnother = await get(large, { 'accept-encoding': 'gzip', 'if-none-match': `${etag}` });
    expect(inAnother.statusCode).toBe(200);
    expect((await get(small, { 'if-none-match': `${etag}` })).statusCode).toBe(200);
  });
});

test('HEAD has the headers of the file and no body', async () => {
  const [head, whole] = [await get(large, {}, 'HEAD'), await get(large)];
  expect([head.statusCode, head.body]).toEqual([200, '']);
  for (const name of ['content-length', 'content-type', 'etag', 'cache-control', 'vary']) {
    expect(head.headers[name]).toBe(whole.headers[name]);
  }
});

describe('no file is found', () => {
  test.each([
    '',
    'css',
    'css/',
    'css/nothing.css',
    '%2e%2e/views/cart.liquid',
    '..%2fviews%2fcart.liquid',
    'x%00.css',
    'constructor',
    '__proto__',
  ])('at “%s”', async (file) => {
    for (const prefix of [assets.prefix, '/assets/']) {
      const answer = await server.inject({ url: prefix + file, headers: { host: 'localhost' } });
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: 'not_found' });
      expect(answer.headers).not.toHaveProperty('cache-control');
    }
  });

  test('for a browser, which gets a page', async () => {
    const { statusCode, body } = await get('css/nothing.css', { accept: 'text/html' });
    expect([statusCode, body]).toEqual([404, 'page of not_found']);
  });
});
