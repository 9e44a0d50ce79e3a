import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { recordOccurrence, selectFaultsAbout } from '../database/faults.ts';
import type { ApiFault, FaultSettings } from '../faults.ts';
import { isIdentifier } from '../model.ts';
import type { SimulatorContext } from '../transaction.ts';
import { errorBody, sendError } from './errors.ts';

/** An answer that can be stored and repeated. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** The answer of a call that an injected fault makes fail. */
export const failure: Answer = {
  status: 500,
  body: errorBody({ status: 500, type: 'api_error', message: 'An unknown error occurred.' }),
};

interface ApiHit {
  readonly fault: ApiFault;
  readonly settings: FaultSettings;
}

/** The places of a request, before validation, that may identify an order or a payment. */
interface Unchecked {
  Params: { readonly id?: unknown };
  Querystring: { readonly payment_intent?: unknown };
  Body?: {
    readonly payment_intent?: unknown;
    readonly client_reference_id?: unknown;
    readonly metadata?: { readonly order_id?: unknown };
  };
}

const hits = new WeakMap<FastifyRequest, ApiHit>();

/** The injected fault that hits this call. Undefined when none does. */
export function faultOf(request: FastifyRequest): ApiFault | undefined {
  return hits.get(request)?.fault;
}

/** Injects the API faults into every call of this server, before its effect or into its answer. */
export function injectFaults(server: FastifyInstance, context: SimulatorContext): void {
  server.addHook('preHandler', async (request, reply) => {
    const hit = await chooseHit(request, context);
    if (hit === undefined) return;
    hits.set(request, hit);
    return answerBefore(hit, request, reply);
  });

  server.addHook('onSend', async (request, reply, payload) => {
    const hit = hits.get(request);
    return hit === undefined ? payload : spoil(hit, request, reply, payload, context.closing);
  });
}

async function chooseHit(request: FastifyRequest, { sql }: SimulatorContext): Promise<ApiHit | undefined> {
  const { params, body, query, headers, method, routeOptions } = request as FastifyRequest<Unchecked>;
  const about = firstText(params.id, body?.payment_intent, query.payment_intent);
  const { seed, rates, settings, reference } = await selectFaultsAbout(sql, isIdentifier(about) ? about : '');
  const hit = await recordOccurrence(sql, 'api', rates, {
    seed,
    kind: `${method} ${routeOptions.url}`,
    reference: firstText(
      reference,
      body?.client_reference_id,
      body?.metadata?.order_id,
      headers['idempotency-key'],
    ),
  });
  return hit && { fault: hit.fault, settings };
}

/** The first text that Postgres can store. */
function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === 'string' && !value.includes('\0')) ?? '';
}

async function answerBefore(
  { fault }: ApiHit,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (fault === 'api_too_many') {
    return sendError(reply.header('Retry-After', '1'), {
      status: 429,
      type: 'invalid_request_error',
      code: 'rate_limit',
      message: 'Too many requests. Try again in a moment.',
    });
  }
  if (fault === 'api_html') {
    return reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>');
  }
  // The failure of a change is stored under its idempotency key, so the route answers it.
  const fails = fault === 'api_error_before' || fault === 'api_error_after';
  if (fails && request.method === 'GET') return reply.code(failure.status).send(failure.body);
  return undefined;
}

async function spoil(
  { fault, settings }: ApiHit,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  closing: AbortSignal,
): Promise<unknown> {
  if (fault === 'api_garbage') {
    reply.code(200).type('application/json').removeHeader('content-length');
    return '{"id": "cs_';
  }
  if (fault === 'api_slow') await pause(request, settings.slow_ms, closing);
  if (fault === 'api_timeout') await pause(request, settings.timeout_ms, closing);
  if (fault === 'api_timeout' || fault === 'api_lost') request.raw.socket.destroy();
  return payload;
}

/** Waits until the time is over, the client has disconnected, or the simulator closes. */
async function pause({ raw }: FastifyRequest, milliseconds: number, closing: AbortSignal): Promise<void> {
  const disconnected = new AbortController();
  const abort = (): void => disconnected.abort();
  raw.socket.once('close', abort);
  const signal = AbortSignal.any([disconnected.signal, closing]);
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  raw.socket.off('close', abort);
}
