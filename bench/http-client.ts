import { type Dispatcher, Pool } from 'undici';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Connections to one origin that stay open between requests. */
export interface HttpClient {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
}

const json = { 'content-type': 'application/json', accept: 'application/json' };
// The shop answers every request within ten seconds.
const timeoutMs = 15_000;

/** Opens at most so many connections. `fetch` is slower, and the load shares the processors with the shop. */
export function createHttpClient(origin: string, connections: number): HttpClient {
  const pool = new Pool(origin, { connections, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  const send = async (request: Dispatcher.RequestOptions): Promise<Answer> => {
    const { statusCode, body } = await pool.request(request);
    return { status: statusCode, text: await body.text() };
  };
  return {
    get: (path, headers = {}) => send({ method: 'GET', path, headers }),
    post: (path, body, headers = {}) =>
      send({ method: 'POST', path, body, headers: { ...json, ...headers } }),
    close: () => pool.destroy(),
  };
}

/** Runs `work` with a client and closes the client's connections afterwards. */
export async function withHttpClient<Result>(
  origin: string,
  connections: number,
  work: (client: HttpClient) => Promise<Result>,
): Promise<Result> {
  const client = createHttpClient(origin, connections);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/**
 * Reads the text of an answer with the expected status.
 * @throws Error with the answer when the status differs, so that fast refusals cannot pass for good figures.
 */
export function textOf(request: string, answer: Answer, expectedStatus: number): string {
  if (answer.status === expectedStatus) return answer.text;
  throw new Error(`${request} was answered ${answer.status}: ${answer.text}`);
}
