import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const inspection = [
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  new URL('inspection.mjs', import.meta.url),
];

// Longer than a restart of the shop takes on a busy machine, and shorter than the browser waits for a page.
const waitAtMostMs = 25_000;
const lookEveryMs = 200;

/**
 * The reverse proxy between the browser and both programs. While the shop restarts, a page that is opened waits here, as behind the load
 * balancer of a deployment. A request of a script fails at once, because the pages are to bear that by themselves.
 */
export class Gateway {
  readonly #server: Server;
  readonly #targets: Readonly<Record<'shop' | 'payments', URL>>;

  static async start(shopUrl: string, paymentUrl: string): Promise<Gateway> {
    const gateway = new Gateway(shopUrl, paymentUrl);
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  private constructor(shopUrl: string, paymentUrl: string) {
    this.#targets = { shop: new URL(shopUrl), payments: new URL(paymentUrl) };
    this.#server = createServer((asked, answer) => {
      // A browser that goes on drops its connections.
      this.#pass(asked, answer).catch(() => answer.destroy());
    });
  }

  /** Where the browser finds this gateway instead of the programs: a value of `--host-resolver-rules`. */
  get resolverRules(): string {
    const { port } = this.#server.address() as AddressInfo;
    const { hostname, port: paymentPort } = this.#targets.payments;
    return [80, paymentPort].map((from) => `MAP ${hostname}:${from} 127.0.0.1:${port}`).join(', ');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (asked.url === '/explore/inspection.js') {
      const parts = await Promise.all(inspection.map((file) => readFile(file)));
      answer.writeHead(200, { 'content-type': 'text/javascript' }).end(Buffer.concat(parts));
      return;
    }
    const received = await this.#ask(asked, await buffer(asked));
    if (!received) {
      answer.destroy();
      return;
    }
    answer.writeHead(received.statusCode ?? 502, received.headers);
    received.on('error', () => answer.destroy());
    answer.on('close', () => received.destroy());
    received.pipe(answer);
  }

  /** Asks until the program answers, for a page or a part of one. @returns undefined when nothing answered */
  async #ask(asked: IncomingMessage, body: Buffer): Promise<IncomingMessage | undefined> {
    const { shop, payments } = this.#targets;
    const { hostname, port } = asked.headers.host === payments.host ? payments : shop;
    const waits = isOfPage(asked.headers) && asked.url !== '/crash_application';
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      const { method, url: path, headers } = asked;
      const sent = request({ hostname, port, method, path, headers, agent: false });
      const [received] = (await once(sent.end(body), 'response').catch(() => [])) as IncomingMessage[];
      if (received || !waits || waitedMs > waitAtMostMs) return received;
      await pause(lookEveryMs);
    }
  }
}

/** Whether a request is for a page, or for a file that a page needs. A form that is sent twice acts once. */
function isOfPage({ 'sec-fetch-dest': part }: IncomingHttpHeaders): boolean {
  return part !== 'empty';
}
