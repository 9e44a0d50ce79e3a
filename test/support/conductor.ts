import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'undici';

// The Conductor and its package are not free software, and the tests do without both. Stand-ins show which connection the shop asks for.

/** A WebSocket server that takes every connection and records its address. */
export class FakeConductor {
  readonly connections: string[] = [];
  readonly #sockets: Duplex[] = [];
  readonly #server = createServer().on('upgrade', ({ url = '', headers }, socket: Duplex) => {
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    this.#sockets.push(socket);
    this.connections.push(url);
  });

  /** Listens on a free port and returns its address. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/conductor/v1alpha1`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** The options with which the engine calls the package. */
export interface ConductorOptions {
  readonly appName: string;
  readonly conductorKey: string;
  readonly conductorURL: string;
  readonly executorMetadata?: unknown;
}

/** In the place of `@dbos-inc/dbos-enterprise`: connects to the address that the engine's package used up to version 4. */
export class FakeConductorWebsocket {
  static options: ConductorOptions | undefined;
  #socket: WebSocket | undefined;

  constructor(_executor: unknown, options: ConductorOptions) {
    FakeConductorWebsocket.options = options;
  }

  start(): void {
    const { appName, conductorKey, conductorURL } = FakeConductorWebsocket.options ?? {};
    this.#socket = new WebSocket(`${conductorURL}/websocket/${appName}/${conductorKey}`);
  }

  stop(): Promise<void> {
    this.#socket?.close();
    return Promise.resolve();
  }
}
