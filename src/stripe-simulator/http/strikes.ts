import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../context.ts';
import type { Answer } from '../database/idempotency.ts';
import { countOccurrence, recordStrike, selectMoodsAbout } from '../database/moods.ts';
import { isIdentifier } from '../identifier.ts';
import { type ApiMood, chooseMood, isAnyOn, type MoodSettings } from '../moods.ts';
import { errorBody, sendError } from './errors.ts';

interface Strike {
  readonly mood: ApiMood;
  readonly settings: MoodSettings;
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

const strikes = new WeakMap<FastifyRequest, Strike>();

/** The mood that strikes this call, if any. */
export function strikeOf(request: FastifyRequest): Strike | undefined {
  return strikes.get(request);
}

/** Lets the API moods strike every call of this server: before it is done, or where its answer goes. */
export function addStrikes(server: FastifyInstance, context: ServiceContext): void {
  server.addHook('preHandler', async (request, reply) => {
    const strike = await chooseStrike(request, context);
    if (strike === undefined) return;
    strikes.set(request, strike);
    return answerBefore(strike, request, reply);
  });

  server.addHook('onSend', async (request, reply, payload) => {
    const strike = strikes.get(request);
    return strike === undefined ? payload : spoil(strike, request, reply, payload, context.closing);
  });
}

async function chooseStrike(request: FastifyRequest, context: ServiceContext): Promise<Strike | undefined> {
  const { params, body, query, headers, routeOptions } = request as FastifyRequest<Unchecked>;
  const about = firstText(params.id, body?.payment_intent, query.payment_intent);
  const moods = await selectMoodsAbout(context.sql, isIdentifier(about) ? about : '');
  const { seed, shares, settings } = moods;
  if (!isAnyOn('api', shares)) return undefined;
  const what = `${request.method} ${routeOptions.url}`;
  const reference = firstText(
    moods.reference,
    body?.client_reference_id,
    body?.metadata?.order_id,
    headers['idempotency-key'],
  );
  const before = await countOccurrence(context.sql, what, reference);
  const mood = chooseMood('api', shares, { seed, what, reference, before });
  if (mood === undefined) return undefined;
  await recordStrike(context.sql, mood);
  return { mood, settings };
}

/** The first that is text which Postgres can keep. */
function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === 'string' && !value.includes('\0')) ?? '';
}

async function answerBefore(
  { mood }: Strike,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (mood === 'api_too_many') {
    return sendError(reply.header('Retry-After', '1'), {
      status: 429,
      type: 'invalid_request_error',
      code: 'rate_limit',
      message: 'Too many requests. Try again in a moment.',
    });
  }
  if (mood === 'api_html') {
    return reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>');
  }
  // Of a call that changes something, the failure belongs to its idempotency key.
  const fails = mood === 'api_error_before' || mood === 'api_error_after';
  if (fails && request.method === 'GET') return reply.code(failure.status).send(failure.body);
  return undefined;
}

async function spoil(
  { mood, settings }: Strike,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  closing: AbortSignal,
): Promise<unknown> {
  if (mood === 'api_garbage') {
    reply.code(200).type('application/json').removeHeader('content-length');
    return '{"id": "cs_';
  }
  if (mood === 'api_slow') await pause(request, settings.slow_ms, closing);
  if (mood === 'api_timeout') await pause(request, settings.timeout_ms, closing);
  if (mood === 'api_timeout' || mood === 'api_lost') request.raw.socket.destroy();
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
