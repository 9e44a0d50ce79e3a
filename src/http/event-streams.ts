import type { FastifyReply } from 'fastify';
import { ShopError } from '../domain/errors.ts';
import type { Watcher } from './order-feed.ts';

export interface EventStreamsOptions {
  /** Streams that one address may have open at this process. */
  readonly perAddress: number;
  /** Streams that may be open at this process. */
  readonly inAll: number;
}

/** One open stream of server-sent events. It keeps the newest message only, for a reader that is slow. */
export interface EventStream extends Watcher {
  onClose(callback: () => void): void;
}

/** The open streams of this process. */
export interface EventStreams {
  /**
   * Takes over a reply and begins a stream.
   * @throws ShopError `rate_limited` beyond a limit, `unavailable` while the process ends
   */
  open(reply: FastifyReply): EventStream;
  /** Ends every stream, for good. */
  close(): void;
}

const reconnectAfterMs = 1_000;
// Shorter than the minute after which proxies take a quiet connection for dead; events.js waits for two of them.
const heartbeatMs = 20_000;
// An event, because scripts do not see comments; without an id, so that it takes nobody's place.
const heartbeat = 'event: beat\ndata: on\n\n';
const secondsToRetry = 10;

/** Keeps count of streams, keeps them alive, and ends those whose reader is stuck. */
export function createEventStreams({ perAddress, inAll }: EventStreamsOptions): EventStreams {
  const streams = new Set<OpenStream>();
  const counts = new Map<string, number>();
  let closed = false;
  const heart = setInterval(() => {
    for (const stream of streams) stream.beat();
  }, heartbeatMs).unref();

  const count = (address: string, change: 1 | -1): void => {
    const now = (counts.get(address) ?? 0) + change;
    if (now === 0) counts.delete(address);
    else counts.set(address, now);
  };
  return {
    open: (reply) => {
      const address = reply.request.ip;
      if (closed) throw new ShopError('unavailable', 'This process ends. Another one goes on.');
      if (streams.size >= inAll || (counts.get(address) ?? 0) >= perAddress) {
        reply.header('retry-after', secondsToRetry);
        throw new ShopError('rate_limited', 'Too many pages are open from this address.');
      }
      const stream = new OpenStream(reply);
      streams.add(stream);
      count(address, 1);
      stream.onClose(() => {
        streams.delete(stream);
        count(address, -1);
      });
      return stream;
    },
    close: () => {
      closed = true;
      clearInterval(heart);
      for (const stream of streams) stream.leave();
    },
  };
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
  // A connection that was a stream carries no other request, so ending the stream ends it as well.
  connection: 'close',
};

class OpenStream implements EventStream {
  readonly #raw: FastifyReply['raw'];
  readonly #callbacks: (() => void)[] = [];
  /** The newest message, while the reader has not taken what came before it. */
  #waiting: string | undefined;
  #blocked = false;
  #ending = false;
  #idleBeats = 0;

  constructor(reply: FastifyReply) {
    // Ends the time limit of the handler, and keeps compression and the serializers away.
    reply.hijack();
    this.#raw = reply.raw;
    this.#raw.on('drain', () => {
      this.#drained();
    });
    // What a lost reader leaves behind is an error of nobody's.
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
    // The reader may have left while its order was being looked up.
    if (this.#raw.destroyed) callback();
    else this.#callbacks.push(callback);
  }

  send(message: string): void {
    if (this.#blocked) this.#waiting = message;
    else this.#write(message);
  }

  end(): void {
    this.#ending = true;
    if (!this.#blocked) this.#raw.end();
  }

  /** Ends it now, whatever its reader still has to take. */
  leave(): void {
    if (this.#blocked) this.#raw.destroy();
    else this.#raw.end();
  }

  /** Says that it is alive; a reader that has taken nothing between two beats is given up. */
  beat(): void {
    if (!this.#blocked && !this.#raw.writableEnded) this.#write(heartbeat);
    else if (this.#idleBeats === 1) this.#raw.destroy();
    else this.#idleBeats += 1;
  }

  #write(text: string): void {
    this.#blocked = !this.#raw.write(text);
  }

  #drained(): void {
    this.#blocked = false;
    this.#idleBeats = 0;
    const message = this.#waiting;
    this.#waiting = undefined;
    if (message !== undefined) this.#write(message);
    if (this.#ending && !this.#blocked) this.#raw.end();
  }
}

/** An event as it goes over the wire; no line of `data` can be taken for another field. */
export function formatEvent({ id, event, data }: Readonly<Record<'id' | 'event' | 'data', string>>): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${id}\nevent: ${event}\n${lines.join('')}\n`;
}
