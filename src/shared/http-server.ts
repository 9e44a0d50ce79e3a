import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

// The HTTP server of both programs: limits for its connections, and headers for every answer, also for those of Node and Fastify.

/** The limits of a server's connections. Times are in milliseconds. */
export interface ConnectionLimits {
  /** From the opening of a connection, or from the first byte of a further request, to the end of the request's headers. */
  readonly headersMs: number;
  /** To the end of the request's body. */
  readonly requestMs: number;
  /** Between two looks for requests that have passed these limits. */
  readonly checkEveryMs: number;
  /** For which a connection stays open without a further request. Load balancers reuse theirs for up to a minute. */
  readonly idleMs: number;
  /** For which nothing is read from a connection and nothing is written to it, as when a client no longer reads its answer. */
  readonly silentMs: number;
  /** Connections at once. A further one is closed unanswered. */
  readonly connections: number;
}

/** The limits, but for the number of connections. A stream of events writes a heartbeat long before it counts as silent. */
export const timeLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  checkEveryMs: 2_000,
  idleMs: 72_000,
  silentMs: 120_000,
} as const;

export interface HttpServerOptions {
  readonly limits: ConnectionLimits;
  /** Set on every answer. A route may replace them. */
  readonly headers: ReadonlyMap<string, string>;
  /** The answer to a request that Node cannot read, or no longer waits for. */
  readonly toUnreadable: (error: Error) => RawAnswer;
  /** Called when connections are refused for want of room, at most once a minute. */
  readonly onFull: () => void;
}

/** An answer without a route. */
export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const reportEveryMs = 60_000;

/** The answer that each connection is waiting for, or got last. */
const answers = new WeakMap<Duplex, ServerResponse>();

/** Creates a server that is not listening yet. */
export function createHttpServer(handle: RequestListener, options: HttpServerOptions): Server {
  const { limits, headers } = options;
  const answer: RequestListener = (request, response) => {
    answers.set(request.socket, response);
    for (const [name, value] of headers) response.setHeader(name, value);
    handle(request, response);
  };
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      keepAliveTimeout: limits.idleMs,
      // Node would answer without the headers.
      requireHostHeader: false,
    },
    answer,
  );
  // Node would answer without the headers. The server may ignore an expectation that it does not know (RFC 9110, section 10.1.1).
  server.on('checkExpectation', answer);
  server.on('clientError', (error, socket) => {
    answerUnreadable(socket, options.toUnreadable(error), headers);
  });
  server.timeout = limits.silentMs;
  server.maxConnections = limits.connections;
  let reportedAt = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    // Makes room for the next one.
    server.closeIdleConnections();
    if (performance.now() - reportedAt < reportEveryMs) return;
    reportedAt = performance.now();
    options.onFull();
  });
  return server;
}

/** Answers a request that Node has given up, unless an answer has begun, and closes its connection. */
function answerUnreadable(
  socket: Duplex,
  { status, type, body }: RawAnswer,
  headers: ReadonlyMap<string, string>,
): void {
  const last = answers.get(socket);
  const isAnswering = last?.headersSent === true && !last.writableFinished;
  if (!socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Array.from(headers, ([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  // A client that goes on sending does not keep the connection.
  (socket as Socket).destroySoon();
}
