import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call that a fake provider was asked. */
export interface ProviderCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** A form, as Stripe's package sends it. */
  readonly form: URLSearchParams;
  readonly at: number;
}

/** Its answer: a status with a body (JSON unless it is a string), no answer, or a broken connection. */
export type ProviderAnswer =
  | { readonly status?: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | 'silence'
  | 'reset';

/** Answers Stripe's API as the test sets, and records the calls. */
export class FakeProvider {
  readonly calls: ProviderCall[] = [];
  answer: (call: ProviderCall) => ProviderAnswer = () => ({ status: 500, body: {} });

  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.take(request, response, Buffer.concat(chunks).toString()));
  });

  /** Listens on a free port and returns its origin. */
  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { method = '', url = '', headers } = request;
    const call = { method, path: url, headers, form: new URLSearchParams(body), at: Date.now() };
    this.calls.push(call);
    const answer = this.answer(call);
    if (answer === 'silence') return;
    if (answer === 'reset') {
      request.socket.destroy();
      return;
    }
    const isText = typeof answer.body === 'string';
    response.writeHead(answer.status ?? 200, {
      'content-type': isText ? 'text/html' : 'application/json',
      ...answer.headers,
    });
    response.end(isText ? answer.body : JSON.stringify(answer.body));
  }
}
