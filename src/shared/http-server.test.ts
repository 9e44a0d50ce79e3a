import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type ConnectionLimits, createHttpServer } from './http-server.ts';

const quick: ConnectionLimits = {
  headersMs: 200,
  requestMs: 400,
  checkEveryMs: 20,
  idleMs: 60_000,
  silentMs: 60_000,
  connections: 100,
};
const headers = new Map([['x-own', 'header']]);
let server: Server | undefined;
let fulls = 0;

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  fulls = 0;
});

/** Starts a server that answers with the size of the body it got, or streams for ever. @returns its port */
async function start(limits: Partial<ConnectionLimits> = {}): Promise<number> {
  server = createHttpServer(
    (request, response) => {
      if (request.url === '/stream') return void response.write('begun');
      text(request).then(
        (body) => response.end(`${body.length} read`),
        () => undefined,
      );
    },
    {
      limits: { ...quick, ...limits },
      headers,
      toUnreadable: (error) => ({
        status: 400,
        type: 'text/plain',
        body: (error as NodeJS.ErrnoException).code ?? '',
      }),
      onFull: () => {
        fulls += 1;
      },
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A connection, and everything that it got. */
class Client {
  received = '';
  closed = false;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('utf8');
    this.socket.on('data', (part: string) => (this.received += part));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.closed = true));
  }

  send(bytes: string): this {
    this.socket.write(bytes);
    return this;
  }

  until(condition: () => boolean): Promise<void> {
    return expect.poll(condition).toBe(true);
  }

  end(): Promise<void> {
    return this.until(() => this.closed);
  }
}

const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n';

test.each([
  ['nothing at all', '', ''],
  ['its headers', 'GET / HTTP/1.1\r\n', 'X-A: b\r\n'],
  ['its body', post, 'x'],
])('a client that sends %s slowly is cut off with an answer', async (_what, first, more) => {
  const client = new Client(await start()).send(first);
  const drip = setInterval(() => client.send(more), 20);
  await client.end();
  clearInterval(drip);
  expect(client.received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(client.received).toContain('x-own: header\r\n');
  expect(client.received).toMatch(/\r\n\r\nERR_HTTP_REQUEST_TIMEOUT$/);
});

test('a stream lasts longer than the limits of requests, and so does a connection between two of them', async () => {
  const port = await start();
  const [reader, idle] = [
    new Client(port).send('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    new Client(port).send(get),
  ];
  await idle.until(() => idle.received.endsWith('0 read'));
  const slow = new Client(port).send(post);
  await slow.end();
  await pause(quick.requestMs);
  expect([reader.closed, idle.closed]).toEqual([false, false]);
  idle.send(get);
  await idle.until(() => idle.received.split('0 read').length === 3);
});

test('a client that no longer reads its answer is cut off', async () => {
  const port = await start({ silentMs: 100 });
  const client = new Client(port).send('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.end();
  expect(client.received).toContain('begun');
});

test('a connection beyond the limit is closed, and idle ones make room for the next', async () => {
  const port = await start({ connections: 3 });
  const [idle, ...busy] = [new Client(port), new Client(port), new Client(port)];
  idle.send(get);
  await idle.until(() => idle.received.endsWith('0 read'));
  for (const client of busy) client.send(post);
  await expect.poll(() => connectionsOf(server!)).toBe(3);
  const refused = new Client(port).send(get);
  await refused.end();
  expect(refused.received).toBe('');
  await idle.end();
  const next = new Client(port).send(get);
  await next.until(() => next.received.endsWith('0 read'));
  expect(fulls).toBe(1);
});

function connectionsOf(of: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    of.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

test.each([
  ['no HTTP', 'Hello\r\n\r\n', 'HPE_INVALID_METHOD'],
  ['too large headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HPE_UNEXPECTED_CONTENT_LENGTH',
  ],
])('a client that sends %s gets an answer with the headers', async (_what, bytes, code) => {
  const client = new Client(await start()).send(bytes);
  await client.end();
  expect(client.received).toContain('x-own: header\r\n');
  expect(client.received.endsWith(code)).toBe(true);
});

test.each([
  ['without a host', 'GET / HTTP/1.1\r\n\r\n'],
  ['with an unknown expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: the-best\r\n\r\n'],
])('a request %s gets the answer of the program', async (_what, bytes) => {
  const client = new Client(await start()).send(bytes);
  await client.until(() => client.received.endsWith('0 read'));
  expect(client.received).toContain('x-own: header\r\n');
});

test('garbage behind a request does not get into its stream', async () => {
  const client = new Client(await start()).send('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.until(() => client.received.includes('begun'));
  client.send('garbage\r\n\r\n');
  await client.end();
  expect(client.received).not.toContain('400');
});
