import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { problemOf, sendProblem } from './errors.ts';
import { limitTime } from './limits.ts';

const limitMs = 50;
let server: FastifyInstance | undefined;

afterEach(() => server?.close());

test.each([
  { method: 'GET', url: '/slow' },
  { method: 'POST', url: '/slow' },
  { method: 'POST', url: '/slow', payload: { items: [] } },
] as const)(
  'limitTime ends $method with the body $payload, and the late answer leaves no trace',
  async (request) => {
    const lines: string[] = [];
    server = Fastify({
      logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
    });
    server.setErrorHandler((error, _request, reply) => sendProblem(reply, problemOf(error)));
    limitTime(server, limitMs);
    let answeredLate = false;
    server.route({
      url: '/slow',
      method: ['GET', 'POST'],
      handler: async (_request, reply) => {
        await pause(limitMs * 3);
        answeredLate = true;
        return reply.send({ late: true });
      },
    });
    const answer = await server.inject(request);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'timeout' });
    await expect.poll(() => answeredLate).toBe(true);
    expect(lines).toEqual([]);
  },
);
