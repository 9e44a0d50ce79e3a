import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { problemOf, sendProblem } from './errors.ts';
import { admitOperators } from './operators.ts';

const operatorToken = 'operator-0123456789abcdef';
let lines: string[];
let server: FastifyInstance;

beforeEach(() => {
  lines = [];
  server = Fastify({
    trustProxy: true,
    logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
  });
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, problemOf(error)));
  admitOperators(server, operatorToken);
  server.get('/', async () => 'the page');
});

afterEach(() => server.close());

async function signIn(authorization: string | undefined, address: string) {
  const { statusCode, headers, body } = await server.inject({
    url: '/',
    headers: { 'x-forwarded-for': address, ...(authorization !== undefined && { authorization }) },
  });
  return { status: statusCode, headers, body };
}

const right = `Bearer ${operatorToken}`;
const wrong = 'Bearer a-guess-0123456789';

test('the scheme may have any case', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    expect(await signIn(`${scheme} ${operatorToken}`, '203.0.113.7')).toMatchObject({ status: 200 });
  }
  const basic = Buffer.from(`me:${operatorToken}`).toString('base64');
  expect(await signIn(`basic ${basic}`, '203.0.113.7')).toMatchObject({ status: 200, body: 'the page' });
});

test('after ten failures an address is refused for a while, and the right token works from elsewhere', async () => {
  for (let failure = 0; failure < 10; failure += 1) {
    // All addresses of one network.
    expect(await signIn(wrong, `2001:db8:1:2::${failure}`)).toMatchObject({ status: 401 });
  }
  for (const authorization of [wrong, right]) {
    const refused = await signIn(authorization, '2001:db8:1:2:ffff::1');
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'rate_limited' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(500);
  }
  expect(await signIn(undefined, '2001:db8:1:2::1')).toMatchObject({ status: 401 });
  expect(await signIn(right, '2001:db8:1:3::1')).toMatchObject({ status: 200 });
  expect(await signIn(right, '203.0.113.7')).toMatchObject({ status: 200 });
});

test('each failure is logged with its address, and without what was sent', async () => {
  const basic = Buffer.from('someone:a-guess-0123456789').toString('base64');
  await signIn(wrong, '::ffff:203.0.113.7');
  await signIn(`Basic ${basic}`, '2001:db8:1:2::1');
  await signIn(undefined, '203.0.113.8');
  await signIn(right, '203.0.113.9');
  expect(lines.map((line) => (JSON.parse(line) as { address: string }).address)).toEqual([
    '203.0.113.7',
    '2001:db8:1:2::/64',
  ]);
  for (const secret of ['a-guess', basic, 'someone']) expect(lines.join('')).not.toContain(secret);
});
