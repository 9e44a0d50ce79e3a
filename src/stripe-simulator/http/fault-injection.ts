import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SimulatorContext } from '../context.ts';
import { countOccurrence, recordHit, selectFaultsAbout } from '../database/faults.ts';
import type { Answer } from '../database/idempotency.ts';
import { type ApiFault, chooseFault, type FaultSettings, isAnyEnabled } from '../faults.ts';
import { isIdentifier } from '../identifier.ts';
import { errorBody, sendError } from './errors.ts';

interface FaultHit {
  readonly fault: ApiFault;
  readonly settings: FaultSettings;
}

/** Where the name of an order or of a payment may stand; nothing of it is checked yet. */
interface Unchecked {
  Params: { readonly id?: unknown };
  Querystring: { readonly payment_intent?: unknown };
  Body?: {
    readonly payment_intent?: unknown;
    readonly client_reference_id?: unknown;
    readonly metadata?: { readonly order_id?: unknown };
  };
}

/** What a call is answered that fails on purpose. */
export const failure: Answer = {
  status: 500,
  body: errorBody({ status: 500, type: 'api_error', message: 'An unknown error occurred.' }),
};

const hits = new WeakMap<FastifyRequest, FaultHit>();

/** The fault that hits this call, if any. */
export function hitOf(request: FastifyRequest): FaultHit | undefined {
  return hits.get(request);
}

/** Lets the API faults hit every call of this server: before it is done, or where its answer goes. */
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

async function chooseHit(request: FastifyRequest, context: SimulatorContext): Promise<FaultHit | undefined> {
  const { params, body, query, headers, routeOptions } = request as FastifyRequest<Unchecked>;
  const about = firstText(params.id, body?.payment_intent, query.payment_intent);
  const faults = await selectFaultsAbout(context.sql, isIdentifier(about) ? about : '');
  const { seed, rates, settings } = faults;
  if (!isAnyEnabled('api', rates)) return undefined;
  const what = `${request.method} ${routeOptions.url}`;
  const reference = firstText(
    faults.reference,
    body?.client_reference_id,
    body?.metadata?.order_id,
    headers['idempotency-key'],
  );
  const before = await countOccurrence(context.sql, what, reference);
  const fault = chooseFault('api', rates, { seed, what, reference, before });
  if (fault === undefined) return undefined;
  await recordHit(context.sql, fault);
  return { fault, settings };
}

/** The first that is text which Postgres can keep. */
function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === 'string' && !value.includes('\0')) ?? '';
}

async function answerBefore(
  { fault }: FaultHit,
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
  // Of a call that changes something, the failure belongs to its idempotency key.
  const fails = fault === 'api_error_before' || fault === 'api_error_after';
  if (fails && request.method === 'GET') return reply.code(failure.status).send(failure.body);
  return undefined;
}

async function spoil(
  { fault, settings }: FaultHit,
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

/** Waits, but not for a client that has gone and not when the service ends. */
async function pause(request: FastifyRequest, milliseconds: number, closing: AbortSignal): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  request.raw.socket.once('close', leave);
  await sleep(milliseconds, undefined, { signal: AbortSignal.any([gone.signal, closing]) }).catch(
    () => undefined,
  );
  request.raw.socket.off('close', leave);
}
