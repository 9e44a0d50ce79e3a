import http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Connections to one origin that stay open from one request to the next. */
export interface HttpClient {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

// The shop answers everything within ten seconds.
const timeoutMs = 15_000;

/** Opens at most `connectionsMax` connections. Barer than `fetch`, which would take its time from the shop's processor. */
export function createHttpClient(origin: string, connectionsMax: number): HttpClient {
  const { hostname, port } = new URL(origin);
  const agent = new http.Agent({ keepAlive: true, maxSockets: connectionsMax });
  const common = { agent, host: hostname, port, timeout: timeoutMs };
  return {
    get: (path, headers = {}) => send({ ...common, method: 'GET', path, headers }, undefined),
    post: (path, body, headers = {}) =>
      send(
        {
          ...common,
          method: 'POST',
          path,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            accept: 'application/json',
            ...headers,
          },
        },
        body,
      ),
    close: () => {
      agent.destroy();
    },
  };
}

function send(options: http.RequestOptions, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('timeout', () => {
      request.destroy(new Error(`${options.method} ${options.path} had no answer in ${timeoutMs} ms.`));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/**
 * The text of an answer with the expected status.
 * @throws Error with the answer otherwise: a benchmark of refusals would be quick and worthless.
 */
export function textOf(what: string, answer: Answer, expectedStatus: number): string {
  if (answer.status === expectedStatus) return answer.text;
  throw new Error(`${what} was answered ${answer.status}: ${answer.text}`);
}
