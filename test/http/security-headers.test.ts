import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAssets } from '../../src/http/assets.ts';
import { buildServer } from '../../src/http/server.ts';
import { timeLimits } from '../../src/shared/http-server.ts';
import { Visitor } from '../support/browser.ts';
import { placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Every answer has the headers that protect its reader, also those that no route gives.

const securityHeaders = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'referrer-policy',
  'x-content-type-options',
  'x-frame-options',
];
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop();
});

afterAll(() => shop.close());

/** Sends bytes and reads the whole answer. */
async function exchange(
  bytes: string,
  url = shop.shopUrl,
): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', (part: string) => (received += part));
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = received.split(/\r\n\r\n(.*)/s);
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body };
}

/** The code of a problem; undefined for any other answer. */
function codeOf({ head, body }: { head: string; body: string }): unknown {
  if (!head.includes('application/problem+json')) return undefined;
  return (JSON.parse(body) as { code: unknown }).code;
}

const request = (line: string, ...fields: string[]) =>
  [`${line} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...fields, '', ''].join('\r\n');
const page = 'Accept: text/html';

describe.each([
  ['a page', request('GET /', page), 200, undefined],
  ['JSON', request('GET /products'), 200, undefined],
  ['a file', request('GET /assets/favicon.svg'), 200, undefined],
  ['the documentation', request('GET /docs'), 200, undefined],
  ['only the head', request('HEAD /'), 200, undefined],
  ['a redirect', request('GET /cart/checkout', page), 303, undefined],
  ['an unknown address', request('GET /nowhere'), 404, 'not_found'],
  ['an unknown address, as a page', request('GET /nowhere', page), 404, undefined],
  ['an address that cannot be decoded', request('GET /%zz'), 400, 'invalid_input'],
  ['a parameter that is too long', request(`GET /order/${'1'.repeat(5000)}`), 400, 'invalid_input'],
  ['another method', request('DELETE /orders'), 405, 'method_not_allowed'],
  [
    'a body that is no JSON',
    request('POST /checkout', 'Content-Type: application/json', 'Content-Length: 1', '', '{'),
    400,
    'malformed_body',
  ],
  [
    'a body that is too large',
    request('POST /checkout', 'Content-Type: application/json', 'Content-Length: 99999'),
    413,
    'body_too_large',
  ],
  [
    'a body that is compressed',
    request('POST /checkout', 'Content-Encoding: gzip'),
    415,
    'unsupported_media_type',
  ],
  ['a form of another site', request('POST /cart/lines', 'Origin: https://evil.example'), 403, 'cross_site'],
  ['another host', 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n', 403, 'cross_site'],
  ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
  ['a whole address', request('GET http://127.0.0.1/products'), 200, undefined],
  ['the server as a whole', request('OPTIONS *'), 405, 'method_not_allowed'],
  ['HTTP/1.0 without a host', 'GET /products HTTP/1.0\r\n\r\n', 403, 'cross_site'],
  ['a request for another protocol', request('GET /products', 'Upgrade: websocket'), 200, undefined],
  [
    'an unknown encoding of the transfer',
    request('POST /checkout', 'Transfer-Encoding: x'),
    400,
    'malformed_request',
  ],
  ['the greeting of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
  ['security.txt', request('GET /.well-known/security.txt'), 200, undefined],
  ['an unknown expectation', request('GET /', 'Expect: the-best'), 200, undefined],
  ['headers that are too large', request('GET /', `X: ${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
  ['an address that is too long', request(`GET /${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
  ['no HTTP', 'Hello\r\n\r\n', 400, 'malformed_request'],
  ['a method that HTTP does not have', request('BREW /'), 400, 'malformed_request'],
  [
    'two lengths',
    request('POST /checkout', 'Content-Length: 1', 'Content-Length: 2'),
    400,
    'malformed_request',
  ],
] as const)('the answer to %s', (_what, bytes, status, code) => {
  test(`is ${status}, and has every security header once`, async () => {
    const answer = await exchange(bytes);
    expect(answer.status).toBe(status);
    for (const name of [...securityHeaders, 'cache-control']) {
      expect(answer.head.split(`\r\n${name}: `), name).toHaveLength(2);
    }
    expect(answer.head).not.toContain('unsafe-inline');
    expect(codeOf(answer)).toBe(code);
  });
});

test('no answer with personal data is stored', async () => {
  const order = await placePaidOrder(shop, { email: 'ada@reader.example' });
  const visitor = new Visitor(shop.shopUrl);
  const added = await visitor.post('/cart/lines', { sku: 'cleat' });
  const answers = [
    added,
    ...(await Promise.all(
      [
        '/cart',
        '/cart/checkout',
        '/your-orders',
        '/operator',
        '/outbox',
        new URL(order.order_url).pathname,
        `${new URL(order.order_url).pathname}/contact`,
      ].map((path) => visitor.get(path)),
    )),
    ...(await Promise.all(
      ['/orders', `/order/${order.order_id}`, '/attention', '/reconciliation', '/outbox', '/cart'].map(
        (path) => visitor.get(path, { accept: 'application/json' }),
      ),
    )),
    await visitor.post('/checkout', {}),
    await visitor.post(`/checkout/${order.key}`, {}),
    await visitor.get('/orders/nobody'),
  ];
  for (const { headers, status } of answers)
    expect([status, headers.get('cache-control')]).toEqual([status, 'no-store']);
  const events = await fetch(`${order.order_url}/events`);
  expect([events.status, events.headers.get('cache-control')]).toEqual([200, 'no-store']);
  for (const name of securityHeaders) expect(events.headers.has(name), name).toBe(true);
  await events.body?.cancel();
  const refunded = await fetch(`${shop.shopUrl}/order/${order.order_id}/refund`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"reason":"came broken"}',
  });
  expect([refunded.status, refunded.headers.get('cache-control')]).toEqual([202, 'no-store']);
});

describe('a shop with https', () => {
  let server: FastifyInstance;
  let url: string;

  beforeAll(async () => {
    server = await buildServer({
      logLevel: 'silent',
      executorId: 'shop-0',
      trustProxy: 1,
      assets: readAssets(fileURLToPath(new URL('../../public/assets', import.meta.url))),
      cookieSecrets: ['cookie_test_0123456789abcdef'],
      publicUrl: 'https://shop.example',
      listenUrl: 'http://127.0.0.1:3000',
      paymentOrigin: 'https://pay.example',
      connectionLimits: { ...timeLimits, connections: 100 },
      onFailure: () => undefined,
      renderProblem: () => Promise.resolve('a page'),
    });
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });

  afterAll(() => server.close());

  test.each([
    ['a file', request('GET /assets/favicon.svg'), 200],
    ['an unknown address', request('GET /nowhere'), 404],
    ['no HTTP', 'Hello\r\n\r\n', 400],
  ])('asks browsers to keep to it in its answer to %s', async (_what, bytes, status) => {
    const answer = await exchange(bytes, url);
    expect(answer.status).toBe(status);
    expect(answer.head.split('\r\n')).toContain('strict-transport-security: max-age=31536000');
    expect(answer.head).toContain('upgrade-insecure-requests');
  });

  test('without https there is no such header', async () => {
    expect((await exchange(request('GET /'))).head).not.toContain('strict-transport-security');
  });
});

test('security.txt names a contact, and expires within a year', async () => {
  const { status, headers, text } = await new Visitor(shop.shopUrl).get('/.well-known/security.txt');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  const fields = Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/: (.*)/)),
  );
  expect(fields).toMatchObject({
    Contact: 'mailto:security@127.0.0.1',
    Canonical: `${shop.shopUrl}/.well-known/security.txt`,
  });
  const days = (Date.parse(fields['Expires']) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(30);
  expect(days).toBeLessThan(365);
});
