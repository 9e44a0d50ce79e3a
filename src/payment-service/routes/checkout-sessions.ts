import type { FastifyInstance } from 'fastify';
import type { ServiceContext } from '../context.ts';
import type { Answer } from '../database/idempotency.ts';
import { insertSession } from '../database/sessions.ts';
import { refusal } from '../http/authentication.ts';
import { type ApiError, errorBody, noSuchSession, sendError } from '../http/errors.ts';
import { sendOnce } from '../http/idempotent.ts';
import { expiryError, parseNewSession } from '../http/parameters.ts';
import { isSessionId } from '../identifier.ts';
import { checkoutSessionObject, type NewSession } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { expire, findSession } from '../transitions.ts';

interface ById {
  Params: { id: string };
}

/** Stripe's API for Checkout Sessions, as far as a shop needs it. */
export function checkoutSessionRoutes(context: ServiceContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onRequest', async (request, reply) => {
      const error = refusal(request.headers.authorization, context.secretKey);
      if (error !== undefined) await sendError(reply, error);
    });

    server.post('/v1/checkout/sessions', async (request, reply) => {
      const parsed = parseNewSession(request.body, new Date());
      if (!parsed.valid) return sendError(reply, parsed.error);
      return sendOnce(context, request, reply, (transaction) => create(context, transaction, parsed.session));
    });

    server.get<ById>('/v1/checkout/sessions/:id', async (request, reply) => {
      const { id } = request.params;
      const session = isSessionId(id)
        ? await context.transact((transaction) => findSession(transaction, id))
        : undefined;
      if (session === undefined) return sendError(reply, noSuchSession(id, 'session'));
      return checkoutSessionObject(session, context.publicUrl());
    });

    server.post<ById>('/v1/checkout/sessions/:id/expire', async (request, reply) => {
      const { id } = request.params;
      if (!isSessionId(id)) return sendError(reply, noSuchSession(id, 'session'));
      return sendOnce(context, request, reply, (transaction) => expireOpen(context, transaction, id));
    });
  };
}

async function create(context: ServiceContext, transaction: Transaction, asked: NewSession): Promise<Answer> {
  // Looked at here and not with the other parameters: a replay after the session's end is still a replay.
  const error = expiryError(asked, new Date());
  if (error !== undefined) return refuse(error);
  const session = await insertSession(transaction.sql, asked);
  return { status: 200, body: checkoutSessionObject(session, context.publicUrl()) };
}

async function expireOpen(context: ServiceContext, transaction: Transaction, id: string): Promise<Answer> {
  const transition = await expire(transaction, id);
  if (transition === undefined) return refuse(noSuchSession(id, 'session'));
  const { session, changed } = transition;
  if (changed) return { status: 200, body: checkoutSessionObject(session, context.publicUrl()) };
  return refuse({
    status: 400,
    type: 'invalid_request_error',
    message: `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
  });
}

function refuse(error: ApiError): Answer {
  return { status: error.status, body: errorBody(error) };
}
