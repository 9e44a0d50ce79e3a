import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StripeSimulator, startStripeSimulator } from '../../src/stripe-simulator/simulator.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';
import { authorized, operatorToken } from '../support/refunds.ts';
import { sessionParameters, stripeClient, testConfig } from '../support/stripe-simulator.ts';

// With an operator token, the panel, the ledger and their acts are for operators; the API and the payment pages are as before.

let database: TestDatabase;
let simulator: StripeSimulator;
let sessionId: string;

beforeAll(async () => {
  database = await createEmptyDatabase();
  simulator = await startStripeSimulator({
    ...testConfig(database.url, 'http://127.0.0.1:1/payment_webhook'),
    operatorToken,
  });
  const session = await stripeClient(simulator.port).checkout.sessions.create(sessionParameters('7'));
  sessionId = session.id;
});

afterAll(async () => {
  await simulator.close();
  await database.drop();
});

async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const sent = request({ port: simulator.port, host: '127.0.0.1', method, path, headers });
  sent.end();
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.once('response', resolve).once('error', reject),
  );
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

describe.each([
  ['GET', '/'],
  ['GET', '/control'],
  ['GET', '/control/faults'],
  ['PUT', '/control/faults'],
  ['DELETE', '/control/faults'],
  ['POST', '/control/faults/off'],
  ['GET', '/ledger'],
  ['POST', '/control/events'],
  ['POST', '/control/events/evt_1/resend'],
  ['GET', '/control/sessions/cs_1'],
  ['POST', '/control/sessions/cs_1/refund'],
  ['POST', '/control/sessions/cs_1/dispute'],
  ['POST', '/control/sessions/cs_1/late_payment'],
  ['POST', '/control/sessions/cs_1/faults'],
])('%s %s', (method, path) => {
  test('needs the token, as a bearer token or as a password', async () => {
    const refused = await ask(method, path);
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toMatch(/^Basic /);
    const password = Buffer.from(`me:${operatorToken}`).toString('base64');
    for (const authorization of [authorized.authorization, `basic ${password}`]) {
      expect((await ask(method, path, { authorization })).status).not.toBe(401);
    }
  });
});

test('a payment page and its acts need none, and the API needs its own key', async () => {
  expect((await ask('GET', `/pay/${sessionId}`)).status).toBe(200);
  expect((await ask('GET', '/healthz')).status).toBe(200);
  expect((await ask('GET', '/assets/payment.css')).status).toBe(200);
  expect((await ask('GET', '/v1/events')).status).toBe(401);
  expect((await ask('GET', '/v1/events', authorized)).status).toBe(401);
  expect((await stripeClient(simulator.port).events.list()).data).toEqual([]);
  expect((await ask('POST', `/pay/${sessionId}/cancel`)).status).toBe(303);
});

test('a site whose name points at this address reads and does nothing', async () => {
  for (const host of [
    'evil.example',
    `evil.example:${simulator.port}`,
    '10.0.0.1',
    '127.0.0.1.evil.example',
  ]) {
    for (const path of ['/ledger', `/pay/${sessionId}`, '/v1/events', '/healthz', '/nowhere']) {
      const answer = await ask('GET', path, { ...authorized, host });
      expect([host, path, answer.status]).toEqual([host, path, 403]);
    }
  }
  for (const host of ['localhost', `127.0.0.1:${simulator.port}`, '[::1]:8086']) {
    expect((await ask('GET', '/healthz', { host })).status).toBe(200);
  }
});

test('under https behind a proxy, browsers keep to it, and each client has its own count of wrong tokens', async () => {
  const proxied = await startStripeSimulator({
    ...testConfig(database.url, 'http://127.0.0.1:1/payment_webhook'),
    publicUrl: 'https://pay.example',
    trustProxy: 1,
    operatorToken,
  });
  try {
    const ledger = (from: string, authorization: string) =>
      fetch(`http://127.0.0.1:${proxied.port}/ledger`, {
        headers: { authorization, 'x-forwarded-for': from },
      });
    const refused = await ledger('192.0.2.1', 'Bearer a-guess');
    expect(refused.headers.get('strict-transport-security')).toBe('max-age=31536000');
    for (let failure = 0; failure < 9; failure += 1) await ledger('192.0.2.1', 'Bearer a-guess');
    expect((await ledger('192.0.2.1', authorized.authorization)).status).toBe(429);
    expect((await ledger('192.0.2.2', authorized.authorization)).status).toBe(200);
  } finally {
    await proxied.close();
  }
});

test('every answer has the headers that protect its reader', async () => {
  for (const path of ['/control', `/pay/${sessionId}`, '/nowhere', '/%zz']) {
    const { headers } = await ask('GET', path, authorized);
    expect(headers, path).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': expect.stringMatching(/^(no-referrer|same-origin)$/),
    });
  }
});

test('an event that is nested 20,000 levels deep is refused', async () => {
  const answer = await fetch(`http://127.0.0.1:${simulator.port}/control/events`, {
    method: 'POST',
    headers: { ...authorized, 'content-type': 'application/json' },
    body: `{"type":"x","object":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('more than 100 levels');
});

// Last, because it blocks this address.
test('after ten wrong tokens even the right one is refused from there', async () => {
  for (let failure = 0; failure < 10; failure += 1) {
    expect((await ask('GET', '/ledger', { authorization: 'Bearer a-guess' })).status).toBe(401);
  }
  const refused = await ask('GET', '/ledger', authorized);
  expect([refused.status, Number(refused.headers['retry-after']) > 500]).toEqual([429, true]);
});
