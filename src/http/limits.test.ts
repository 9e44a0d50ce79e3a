import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { problemOf, sendProblem } from './errors.ts';
import { limitTime, networkOf } from './limits.ts';

describe('the network of a client', () => {
  test.each([
    ['an IPv4 address', ['203.0.113.7'], '203.0.113.7'],
    ['an IPv4 address inside IPv6', ['::ffff:203.0.113.7', '::FFFF:cb00:7107'], '203.0.113.7'],
    [
      'the /64 of an IPv6 address',
      [
        '2001:db8:0:7::1',
        '2001:DB8::7:ffff:ffff:ffff:ffff',
        '2001:db8:0:7:1:2:203.0.113.7',
        '2001:0db8:0000:0007::%eth0',
      ],
      '2001:db8:0:7::/64',
    ],
    ['the /64 of the loopback address', ['::1', '::'], '0:0:0:0::/64'],
    ['what is no address', ['unknown', ''], null],
  ])('is %s', (_name, addresses, network) => {
    for (const address of addresses) expect(networkOf(address)).toBe(network ?? address);
  });
});

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
