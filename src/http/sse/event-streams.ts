import type { FastifyReply } from 'fastify';
import { ShopError } from '../../domain/errors.ts';
import { clientAddressOf } from '../client-address.ts';
import type { Subscriber } from './order-hub.ts';

const reconnectAfterMs = 1_000;
// Proxies close a connection that is quiet for a minute. public/assets/js/events.js waits for two heartbeats.
const heartbeatMs = 20_000;
// An event, because scripts cannot see comments. Without an id, so that the last id stays that of a snapshot.
const heartbeat = 'event: heartbeat\ndata: on\n\n';
const secondsToRetry = 10;

/** The open streams of this process. Counts them per address, keeps them alive, and closes those whose reader has stopped reading. */
export class EventStreams {
  readonly #limits: { readonly perAddress: number; readonly inAll: number };
  readonly #streams = new Set<EventStream>();
  readonly #counts = new Map<string, number>();
  readonly #timer = setInterval(() => {
    for (const stream of this.#streams) stream.heartbeat();
  }, heartbeatMs).unref();
  #closed = false;

  /** @param limits streams that one address, and all together, may have open at this process */
  constructor(limits: { readonly perAddress: number; readonly inAll: number }) {
    this.#limits = limits;
  }

  /**
   * Takes over a reply and opens a stream.
   * @throws ShopError `rate_limited` beyond a limit, `unavailable` while the process stops
   */
  open(reply: FastifyReply): EventStream {
    const address = clientAddressOf(reply.request.ip);
    const ofAddress = this.#counts.get(address) ?? 0;
    if (this.#closed) throw new ShopError('unavailable', 'This process stops. Another one continues.');
    if (this.#streams.size >= this.#limits.inAll || ofAddress >= this.#limits.perAddress) {
      reply.header('retry-after', secondsToRetry);
      throw new ShopError('rate_limited', 'Too many pages are open from this address.');
    }
    const stream = new EventStream(reply);
    this.#streams.add(stream);
    this.#count(address, 1);
    stream.onClose(() => {
      this.#streams.delete(stream);
      this.#count(address, -1);
    });
    return stream;
  }

  /** Ends every stream, and opens no more. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const stream of this.#streams) stream.abort();
  }

  #count(address: string, change: 1 | -1): void {
    const now = (this.#counts.get(address) ?? 0) + change;
    if (now === 0) this.#counts.delete(address);
    else this.#counts.set(address, now);
  }
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
  // A stream's connection carries no further request, so it ends with the stream.
  connection: 'close',
};

/** One open stream of server-sent events. For a slow reader it keeps only the newest message. */
export class EventStream implements Subscriber {
  readonly #raw: FastifyReply['raw'];
  readonly #callbacks: (() => void)[] = [];
  /** The newest message, while the reader has not read the one before it. */
  #waiting: string | undefined;
  #blocked = false;
  #endRequested = false;
  #idleHeartbeats = 0;

  constructor(reply: FastifyReply) {
    // Ends the time limit of the handler, and bypasses compression and serializers.
    reply.hijack();
    this.#raw = reply.raw;
    this.#raw.on('drain', () => {
      this.#drained();
    });
    // A reader that disconnects is no error of the shop.
    this.#raw.on('error', () => undefined);
    this.#raw.once('close', () => {
      for (const callback of this.#callbacks) callback();
    });
    for (const [name, value = ''] of Object.entries({ ...reply.getHeaders(), ...streamHeaders })) {
      this.#raw.setHeader(name, value);
    }
    this.#raw.writeHead(200);
    this.#write(`retry: ${reconnectAfterMs}\n\n`);
  }

  onClose(callback: () => void): void {
    // The reader may have disconnected while its order was being read.
    if (this.#raw.destroyed) callback();
    else this.#callbacks.push(callback);
  }

  send(message: string): void {
    if (this.#blocked) this.#waiting = message;
    else this.#write(message);
  }

  end(): void {
    this.#endRequested = true;
    if (!this.#blocked) this.#raw.end();
  }

  /** Ends the stream now, even when its reader is behind. */
  abort(): void {
    if (this.#blocked) this.#raw.destroy();
    else this.#raw.end();
  }

  /** Sends a heartbeat. Closes the connection of a reader that has read nothing between two heartbeats. */
  heartbeat(): void {
    if (!this.#blocked && !this.#raw.writableEnded) this.#write(heartbeat);
    else if (this.#idleHeartbeats === 1) this.#raw.destroy();
    else this.#idleHeartbeats += 1;
  }

  #write(text: string): void {
    this.#blocked = !this.#raw.write(text);
  }

  #drained(): void {
    this.#blocked = false;
    this.#idleHeartbeats = 0;
    const message = this.#waiting;
    this.#waiting = undefined;
    if (message !== undefined) this.#write(message);
    if (this.#endRequested && !this.#blocked) this.#raw.end();
  }
}

/** Serializes an event. No line of `data` can be taken for another field. */
export function formatEvent({ id, event, data }: Readonly<Record<'id' | 'event' | 'data', string>>): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${id}\nevent: ${event}\n${lines.join('')}\n`;
}
