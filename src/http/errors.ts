import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type ErrorCode, ShopError } from '../domain/errors.ts';
import { isPostgresAway, isTransient } from '../shared/outage.ts';

/** Status and title of each error code. docs/ERRORS.md shows the same table; a test compares them both ways. */
export const problemTypes: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> =
  {
    invalid_input: { status: 400, title: 'The request has a value that is not allowed.' },
    malformed_body: { status: 400, title: 'The body cannot be read.' },
    malformed_request: { status: 400, title: 'This is no HTTP request.' },
    bad_signature: { status: 400, title: 'The message is not signed by the payment provider.' },
    unknown_product: { status: 400, title: 'There is no such product.' },
    weak_key: { status: 400, title: 'This key can be guessed.' },
    unauthorized: { status: 401, title: 'This is for operators.' },
    cross_site: { status: 403, title: 'Another site may not do this.' },
    not_found: { status: 404, title: 'There is nothing here.' },
    method_not_allowed: { status: 405, title: 'This address does not take that method.' },
    request_timeout: { status: 408, title: 'The request did not arrive in time.' },
    out_of_stock: { status: 409, title: 'There is not enough in stock.' },
    price_changed: { status: 409, title: 'The price has changed.' },
    hold_limit: { status: 409, title: 'That is more than one shopper may hold at once.' },
    delivery_unavailable: { status: 409, title: 'The order cannot be delivered in that way.' },
    code_unavailable: { status: 409, title: 'The discount code cannot be used.' },
    payment_unavailable: {
      status: 409,
      title: 'The payment could not be opened, and the order was cancelled.',
    },
    not_refundable: { status: 409, title: 'There is nothing to refund.' },
    refund_too_large: { status: 409, title: 'That is more than is left to refund.' },
    refund_indivisible: { status: 409, title: 'The payment provider does not pay back this amount.' },
    not_shippable: { status: 409, title: 'There is nothing to ship.' },
    shipment_too_large: { status: 409, title: 'That is more than is left to ship.' },
    not_restartable: { status: 409, title: 'There is nothing to try again.' },
    body_too_large: { status: 413, title: 'The body is too large.' },
    unsupported_media_type: { status: 415, title: 'A body of this type is not understood.' },
    key_reused: { status: 422, title: 'This key belongs to another request.' },
    rate_limited: { status: 429, title: 'Too many requests.' },
    headers_too_large: { status: 431, title: 'The headers of the request are too large.' },
    internal: { status: 500, title: 'Something went wrong here.' },
    unavailable: { status: 503, title: 'The shop is restarting. Nothing is lost.' },
    timeout: { status: 503, title: 'The answer takes longer than expected. Nothing is lost.' },
  };

/** An error as it is answered (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly [detail: string]: unknown;
}

/** The media type of a problem. */
export const problemMediaType = 'application/problem+json';

/** Converts any error to the problem for the caller. Details of unknown errors stay in the log. */
export function problemOf(error: unknown): Problem {
  const { code, details, message: detail } = knownError(error);
  const { status, title } = problemTypes[code];
  return { ...details, type: `urn:holdfast:error:${code}`, title, status, code, detail };
}

const parserCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
};

/** Converts the error of a request that Node could not read to the problem for its sender. */
export function problemOfUnreadable(error: NodeJS.ErrnoException): Problem {
  const code = parserCodes[error.code ?? ''] ?? 'malformed_request';
  return problemOf(new ShopError(code, problemTypes[code].title));
}

/** Sends a problem as `application/problem+json`. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return withRetryAfter(reply, problem)
    .code(problem.status)
    .serializer(JSON.stringify)
    .type(`${problemMediaType}; charset=utf-8`)
    .send(problem);
}

/** Sets `Retry-After` for problems that end by themselves. */
export function withRetryAfter(reply: FastifyReply, { status }: Problem): FastifyReply {
  if (status === 503 || (status === 429 && !reply.hasHeader('retry-after'))) reply.header('retry-after', '2');
  return reply;
}

/** Logs a fault of the shop with its stack, and a fault of the caller with its code only. */
export function logProblem(request: FastifyRequest, problem: Problem, error: unknown): void {
  if (problem.status === 500) request.log.error({ err: error }, 'request failed');
  else request.log.info({ code: problem.code }, 'request refused');
}

function knownError(error: unknown): ShopError {
  if (error instanceof ShopError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.replace(/^\//, '').replaceAll('/', '.') || (error.validationContext ?? 'body'),
      message: message ?? 'is not allowed',
    }));
    const detail = issues.map(({ field, message }) => `${field}: ${message}`).join('; ');
    return new ShopError('invalid_input', detail, { issues });
  }
  // A body that broke off has the status 400, and the code of a lost connection.
  if ((error as FastifyError).statusCode === undefined && (isPostgresAway(error) || isTransient(error)))
    return new ShopError('unavailable', 'The database is away for a moment. Ask again.');
  return ofFastify(error as FastifyError);
}

const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_HANDLER_TIMEOUT: 'timeout',
  FST_ERR_BAD_URL: 'invalid_input',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid_input',
};

function ofFastify(error: FastifyError): ShopError {
  const code = fastifyCodes[error.code];
  if (code) return new ShopError(code, error.message);
  if (error.statusCode === 403 || error.statusCode === 404)
    return new ShopError('not_found', 'There is nothing at this address.');
  // The JSON parser throws a SyntaxError that carries the status.
  if (error.statusCode === 400) return new ShopError('malformed_body', 'The body is not valid JSON.');
  return new ShopError('internal', 'It has been logged. Asking again with the same key is safe.');
}
