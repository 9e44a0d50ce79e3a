import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isPostgresAway } from '../../shared/outage.ts';

/** An error in Stripe's words; `type` and `status` decide which class of its client a caller sees. */
export interface ApiError {
  readonly status: number;
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'api_error';
  readonly code?: string;
  readonly message: string;
  readonly param?: string;
}

/** Ends a request with an error: thrown in a transaction, it undoes what was begun. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(readonly answer: ApiError) {
    super(answer.message);
  }
}

/** A request that cannot be done as it was made. */
export function invalidRequest(message: string, details: Partial<ApiError> = {}): Refusal {
  return new Refusal({ status: 400, type: 'invalid_request_error', message, ...details });
}

/** Nothing of that kind has that identifier. */
export function missing(kind: string, id: string, param = 'id'): Refusal {
  return invalidRequest(`No such ${kind}: '${id}'`, { status: 404, code: 'resource_missing', param });
}

/** The body of an error answer. */
export function errorBody({ type, code, message, param }: ApiError): object {
  return { error: { type, code, message, param } };
}

/** Answers with an error. */
export function sendError(reply: FastifyReply, error: ApiError): FastifyReply {
  if (error.status === 503) reply.header('Retry-After', '1');
  return reply.code(error.status).send(errorBody(error));
}

/** What an exception means to the caller: a bad request says so, anything else is ours and may be tried again. */
function meaningOf(error: FastifyError | Refusal): ApiError {
  if (error instanceof Refusal) return error.answer;
  if (isPostgresAway(error)) {
    return {
      status: 503,
      type: 'api_error',
      message: 'The payment service cannot reach its database. Try again in a moment.',
    };
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, type: 'invalid_request_error', message: error.message };
  return { status: 500, type: 'api_error', message: 'The payment service failed. Try again in a moment.' };
}

/** Says what an exception means and writes down those that are ours. */
export function reportError(error: FastifyError | Refusal, request: FastifyRequest): ApiError {
  const answer = meaningOf(error);
  // Many requests meet the same outage, and its stack tells nothing.
  if (answer.status === 503) request.log.warn({ reason: error.message }, 'Postgres is away');
  else if (answer.status >= 500) request.log.error(error);
  return answer;
}

/** Answers every exception of the API. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, reportError(error, request));
}

/** Answers requests that no route takes. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, {
    status: 404,
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${request.method}: ${request.url.split('?')[0]}).`,
  });
}
