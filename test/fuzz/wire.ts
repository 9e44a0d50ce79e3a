import { connect } from 'node:net';
import fc, { type Arbitrary } from 'fast-check';

// Messages that are hardly HTTP: wrong lengths, missing ends, impossible lines.

const startLines = fc.constantFrom(
  'GET /healthz HTTP/1.1',
  'POST /checkout/fuzz-wire HTTP/1.1',
  'POST /payment_webhook HTTP/1.1',
  'POST /cart/lines HTTP/1.1',
  'GET /healthz HTTP/1.0',
  'GET /healthz HTTP/9.9',
  'GET /healthz',
  'get /healthz HTTP/1.1',
  'GET  /healthz HTTP/1.1',
  'GET http://evil.example/ HTTP/1.1',
  'GET //evil.example/ HTTP/1.1',
  'GET * HTTP/1.1',
  'GET /\0 HTTP/1.1',
  'GET /\u00FF HTTP/1.1',
  'CONNECT localhost:1 HTTP/1.1',
  'PRI * HTTP/2.0',
  '',
  `GET /${'x'.repeat(20_000)} HTTP/1.1`,
);

const headerLines = fc.constantFrom(
  'Host: 127.0.0.1',
  'Host: ',
  'Host: a:b:c',
  'Host: [::1',
  'Content-Length: 5',
  'Content-Length: 1',
  'Content-Length: 1000',
  'Content-Length: 0',
  'Content-Length: -1',
  'Content-Length: 1e3',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: x',
  'Content-Type: application/json',
  'Content-Type: application/x-www-form-urlencoded',
  'Expect: 100-continue',
  'Expect: wonders',
  'Connection: close',
  'Connection: upgrade',
  'Upgrade: websocket',
  'No colon',
  ' folded',
  ': empty',
  'X: \0',
  'X: \u00FF',
  `X: ${'x'.repeat(20_000)}`,
  'Accept: text/html',
);

const contents = fc.oneof(
  fc.constantFrom(
    '',
    'hello',
    '{}',
    '5\r\nhello\r\n0\r\n\r\n',
    '5\r\nhel',
    'zz\r\n',
    'ffffffffffffffff\r\n',
    '0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  ),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

/** Messages, each character of which is one byte. */
export const messages: Arbitrary<string> = fc
  .tuple(
    startLines,
    fc.option(fc.constant('Host: 127.0.0.1'), { freq: 5 }),
    fc.array(headerLines, { maxLength: 5 }),
    fc.constantFrom('\r\n', '\r\n', '\n', '\r'),
    contents,
  )
  .map(([start, host, headers, end, content]) =>
    [start, ...(host === null ? [] : [host]), ...headers, '', content].join(end),
  );

const answerWithinMs = 30_000;

/** Sends a message and nothing after it. @returns the fault of the answers, or null; no answer at all is none */
export async function faultOfMessage(url: string, message: string): Promise<string | null> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setTimeout(answerWithinMs, () => socket.destroy(new Error('no answer and no end')));
  socket.end(Buffer.from(message, 'latin1'));
  let text = '';
  try {
    for await (const part of socket) text += String(part);
  } catch (error) {
    // A message that breaks the protocol may end the connection at once.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') return String(error);
  }
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
  return statuses.some((status) => status >= 500) ? text : null;
}
