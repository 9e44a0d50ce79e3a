import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A proxy between the payment service and the shop's webhook, so that a test can delay or lose events. */
export class WebhookProxy {
  /** While true, no event reaches the shop. */
  isCut = false;
  /** Events are passed on once this resolves. */
  open: Promise<unknown> = Promise.resolve();
  /** The shop's answers in the order in which they came; `no answer` when it did not respond. */
  readonly answers: (number | 'no answer')[] = [];
  readonly #server: Server;

  static async start(shopUrl: string): Promise<WebhookProxy> {
    const proxy = new WebhookProxy(shopUrl);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(shopUrl: string) {
    this.#server = createServer((request, response) => {
      void this.#pass(`${shopUrl}/payment_webhook`, request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass(url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (this.isCut) {
      response.destroy();
      return;
    }
    await this.open;
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': String(request.headers['content-type']),
          'stripe-signature': String(request.headers['stripe-signature']),
        },
        body,
      });
      this.answers.push(answer.status);
      response.writeHead(answer.status).end();
    } catch {
      this.answers.push('no answer');
      response.destroy();
    }
  }
}
