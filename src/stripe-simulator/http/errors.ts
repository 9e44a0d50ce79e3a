import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isPostgresAway } from '../../shared/outage.ts';

/** An error as Stripe's API shows it. Its `type` and `status` decide the class of the client's error. */
export interface ApiError {
  readonly status: number;
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'api_error';
  readonly code?: string;
  readonly message: string;
  readonly param?: string;
}

/** Ends a request with an error, and rolls back the transaction that it is thrown in. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(readonly answer: ApiError) {
    super(answer.message);
  }
}

/** The refusal of an invalid request. */
export function invalidRequest(message: string, details: Partial<ApiError> = {}): Refusal {
  return new Refusal({ status: 400, type: 'invalid_request_error', message, ...details });
}

/** The refusal of an unknown identifier. */
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

/** The answer to an exception. The caller may retry all but a bad request. */
function answerTo(error: FastifyError | Refusal): ApiError {
  if (error instanceof Refusal) return error.answer;
  if (isPostgresAway(error)) {
    return {
      status: 503,
      type: 'api_error',
      message: 'The Stripe simulator cannot reach its database. Try again in a moment.',
    };
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, type: 'invalid_request_error', message: error.message };
  return { status: 500, type: 'api_error', message: 'The Stripe simulator failed. Try again in a moment.' };
}

/** The answer to an exception. A fault of the simulator is logged. */
export function reportError(error: FastifyError | Refusal, request: FastifyRequest): ApiError {
  const answer = answerTo(error);
  // Many requests fail in the same outage, and its stack explains nothing.
  if (answer.status === 503) request.log.warn({ reason: error.message }, 'Postgres is away');
  else if (answer.status >= 500) request.log.error(error);
  return answer;
}

/** Answers every exception of the API. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, reportError(error, request));
}

/** Answers a request for an unknown address. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, {
    status: 404,
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${request.method}: ${request.url.split('?')[0]}).`,
  });
}
