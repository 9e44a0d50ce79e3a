import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { errors, type Pool } from 'undici';
import { routeHeader } from '../support/visited-routes.ts';
import { encodedPairs, encodedText, rendered } from './bodies.ts';
import type { Find } from './known-values.ts';
import type { Draft } from './requests.ts';
import { filled, Known } from './values.ts';

/** A request as it was sent. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** An answer; `broken` when the connection ended instead. */
export interface Answer {
  readonly status: number;
  /** The route that answered, as in `GET /order/:order_id`; only the method for an unknown address. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The request of a draft with the shop's own values. */
export function requestOf(draft: Draft, find: Find): Sent {
  const body = draft.body && rendered(draft.body, find);
  const headers = {
    'content-type': draft.body?.type,
    'stripe-signature': body?.signature,
    ...(filled(draft.headers, find) as Record<string, string | undefined>),
  };
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    method: draft.method,
    path: `/${draft.segments.map((segment) => textOf(segment, find)).join('/')}${queryOf(draft.query, find)}`,
    headers: Object.fromEntries(given),
    body: body && body.bytes,
  };
}

function textOf(segment: Draft['segments'][number], find: Find): string {
  if (segment instanceof Known) return encodedText(find(segment));
  return 'raw' in segment ? segment.raw : encodedText(filled(segment.value, find));
}

function queryOf(query: Draft['query'], find: Find): string {
  if ('raw' in query) return query.raw;
  const pairs = encodedPairs(filled(query.value, find));
  return pairs === '' ? '' : `?${pairs}`;
}

/** Sends a request over a real connection. @returns the answer, or why the connection ended without one */
export async function send(pool: Pool, request: Sent): Promise<Answer | string> {
  try {
    const { statusCode, headers, body } = await pool.request({
      ...request,
      headersTimeout: answerWithinMs,
      bodyTimeout: answerWithinMs,
    });
    const isStream = String(headers['content-type']).startsWith('text/event-stream');
    const bytes = isStream ? await firstPart(body) : Buffer.from(await body.arrayBuffer());
    const decode = decoders[String(headers['content-encoding'])];
    const text = (decode && bytes.length > 0 ? decode(bytes) : bytes).toString();
    return { status: statusCode, route: String(headers[routeHeader] ?? ''), headers, text };
  } catch (error) {
    // Such a request cannot be sent at all, which is a fault of its generator.
    if (error instanceof errors.InvalidArgumentError) throw error;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  deflate: inflateSync,
  gzip: gunzipSync,
};

// Longer than any answer may take.
const answerWithinMs = 30_000;

/** Reads a stream that does not end until something has come. */
async function firstPart(body: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const part of body) return part;
  return Buffer.alloc(0);
}
