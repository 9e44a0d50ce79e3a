import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../context.ts';
import { type Answer, answerOnce } from '../database/idempotency.ts';
import type { Transaction } from '../transaction.ts';
import { sendError } from './errors.ts';

const keyLengthMax = 255;

/** Answers a request that changes something; with an Idempotency-Key, once per key. */
export async function sendOnce(
  context: ServiceContext,
  request: FastifyRequest,
  reply: FastifyReply,
  effect: (transaction: Transaction) => Promise<Answer>,
): Promise<FastifyReply> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return send(reply, await context.transact(effect));
  if (typeof key !== 'string' || key === '' || key.length > keyLengthMax) {
    return sendIdempotencyError(reply, `Idempotency keys have 1 to ${keyLengthMax} characters.`);
  }
  const hash = requestHash(request);
  const result = await context.transact((transaction) =>
    answerOnce(transaction.sql, { key, hash }, () => effect(transaction)),
  );
  if (result.outcome === 'other_parameters') {
    return sendIdempotencyError(
      reply,
      `Keys for idempotent requests can only be used with the same parameters they were first used with. ` +
        `Try using a key other than '${key}' if you meant to execute a different request.`,
    );
  }
  reply.header('Idempotency-Key', key);
  if (result.outcome === 'replayed') reply.header('Idempotent-Replayed', 'true');
  return send(reply, result.answer);
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply.code(answer.status).send(answer.body);
}

function sendIdempotencyError(reply: FastifyReply, message: string): FastifyReply {
  return sendError(reply, { status: 400, type: 'idempotency_error', message });
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
