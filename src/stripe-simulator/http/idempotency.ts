import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Statement } from '../../shared/statement.ts';
import type { SimulatorContext, Transaction } from '../transaction.ts';
import { Refusal } from './errors.ts';
import { type Answer, failure, faultOf } from './fault-injection.ts';

const keyLengthMax = 255;

type Effect = (transaction: Transaction) => Promise<object>;

/** Answers a request that changes something. With an Idempotency-Key, its effect happens once per key. */
export async function sendOnce(
  context: SimulatorContext,
  request: FastifyRequest,
  reply: FastifyReply,
  effect: Effect,
): Promise<FastifyReply> {
  const act = withFaults(request, effect);
  const key = request.headers['idempotency-key'];
  if (key === undefined) return send(reply, await context.transact(act));
  if (typeof key !== 'string' || key === '' || key.length > keyLengthMax) {
    throw idempotencyError(400, `Idempotency keys have 1 to ${keyLengthMax} characters.`);
  }
  const hash = requestHash(request);
  const { answer, isReplay } = await context.transact((transaction) =>
    answerOnce(transaction.sql, { key, hash }, () => act(transaction)),
  );
  if (isReplay) reply.header('Idempotent-Replayed', 'true');
  return send(reply.header('Idempotency-Key', key), answer);
}

/** An injected failure is stored under the key like any other answer. */
function withFaults(request: FastifyRequest, effect: Effect): (transaction: Transaction) => Promise<Answer> {
  const fault = faultOf(request);
  return async (transaction) => {
    if (fault === 'api_error_before') return failure;
    const body = await effect(transaction);
    return fault === 'api_error_after' ? failure : { status: 200, body };
  };
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return reply.code(status).send(body);
}

interface KeyRow extends Answer {
  readonly requestHash: string;
}

/**
 * Key, effect and answer commit together, and a failure (500) is stored like a success. A refusal rolls back and leaves the key
 * free for better parameters. The lock refuses a second request while the first one runs; it ends with the transaction.
 * @throws Refusal when the key is in use, or was used with other parameters
 */
async function answerOnce(
  sql: Statement,
  { key, hash }: { readonly key: string; readonly hash: string },
  effect: () => Promise<Answer>,
): Promise<{ answer: Answer; isReplay: boolean }> {
  const [lock] = await sql<{ taken: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended(:key, 0)) as taken',
    { key },
  );
  if (lock?.taken !== true) {
    throw idempotencyError(
      409,
      `There is currently another in-progress request using this Idempotent Key (that probably means you submitted ` +
        `twice, and the other request is still going through): ${key}. Please try again later.`,
      { code: 'idempotency_key_in_use' },
    );
  }
  const [row] = await sql<KeyRow>(
    'select request_hash, status, body from idempotency_keys where key = :key',
    {
      key,
    },
  );
  if (row !== undefined && row.requestHash !== hash) {
    throw idempotencyError(
      400,
      `Keys for idempotent requests can only be used with the same parameters they were first used with. ` +
        `Try using a key other than '${key}' if you meant to execute a different request.`,
    );
  }
  if (row !== undefined) return { answer: row, isReplay: true };
  const answer = await effect();
  await sql(
    'insert into idempotency_keys (key, request_hash, status, body) values (:key, :hash, :status, :body)',
    { key, hash, status: answer.status, body: JSON.stringify(answer.body) },
  );
  return { answer, isReplay: false };
}

function idempotencyError(status: number, message: string, more: { code?: string } = {}): Refusal {
  return new Refusal({ status, type: 'idempotency_error', message, ...more });
}

/** The same for equal requests, whatever the order of their parameters. */
function requestHash({ method, url, body }: FastifyRequest): string {
  const request = JSON.stringify([method, url, sorted(body ?? {})]);
  return createHash('sha256').update(request).digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}
