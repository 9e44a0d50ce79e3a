import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SimulatorContext } from '../context.ts';
import { type Answer, answerOnce } from '../database/idempotency.ts';
import type { Transaction } from '../transaction.ts';
import { Refusal } from './errors.ts';
import { failure, hitOf } from './fault-injection.ts';

const keyLengthMax = 255;

type Effect = (transaction: Transaction) => Promise<object>;

/** Answers a request that changes something; with an Idempotency-Key, once per key. */
export async function sendOnce(
  context: SimulatorContext,
  request: FastifyRequest,
  reply: FastifyReply,
  effect: Effect,
): Promise<FastifyReply> {
  const act = faulty(request, effect);
  const key = request.headers['idempotency-key'];
  if (key === undefined) return send(reply, await context.transact(act));
  if (typeof key !== 'string' || key === '' || key.length > keyLengthMax) {
    throw idempotencyError(400, `Idempotency keys have 1 to ${keyLengthMax} characters.`);
  }
  const hash = requestHash(request);
  const result = await context.transact((transaction) =>
    answerOnce(transaction.sql, { key, hash }, () => act(transaction)),
  );
  switch (result.outcome) {
    case 'in_use':
      throw idempotencyError(
        409,
        `There is currently another in-progress request using this Idempotent Key (that probably means you submitted ` +
          `twice, and the other request is still going through): ${key}. Please try again later.`,
        'idempotency_key_in_use',
      );
    case 'other_parameters':
      throw idempotencyError(
        400,
        `Keys for idempotent requests can only be used with the same parameters they were first used with. ` +
          `Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    case 'replayed':
      reply.header('Idempotent-Replayed', 'true');
      break;
    case 'first':
  }
  reply.header('Idempotency-Key', key);
  return send(reply, result.answer);
}

/** What the request does when a fault makes it fail: the failure is kept under its key like any other answer. */
function faulty(request: FastifyRequest, effect: Effect): (transaction: Transaction) => Promise<Answer> {
  const fault = hitOf(request)?.fault;
  return async (transaction) => {
    if (fault === 'api_error_before') return failure;
    const body = await effect(transaction);
    return fault === 'api_error_after' ? failure : { status: 200, body };
  };
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply.code(answer.status).send(answer.body);
}

function idempotencyError(status: number, message: string, code?: string): Refusal {
  return new Refusal({ status, type: 'idempotency_error', message, ...(code !== undefined && { code }) });
}

/** The same for the same request, in whatever order its parameters come. */
function requestHash(request: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([request.method, request.url, sorted(request.body ?? {})]))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}
