// The simulator as its clients use it: the official Stripe package, and curl.
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StripeSimulator, startStripeSimulator } from '../../src/stripe-simulator/simulator.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import {
  refused,
  secondsFromNow,
  secretKey,
  sessionParameters,
  stripeClient,
  testConfig,
  WebhookReceiver,
} from '../support/stripe-simulator.ts';
import { waitFor } from '../support/wait.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let simulator: StripeSimulator;
let stripe: Stripe;
let origin: string;
const receiver = new WebhookReceiver();

beforeAll(async () => {
  database = await createEmptyDatabase();
  simulator = await startStripeSimulator(testConfig(database.url, await receiver.start()));
  stripe = stripeClient(simulator.port);
  origin = `http://127.0.0.1:${simulator.port}`;
});

afterAll(async () => {
  await simulator.close();
  await receiver.close();
  await database.drop();
});

interface Ledger {
  sessions: { id: string; client_reference_id: string; status: string }[];
  charges: {
    id: string;
    session_id: string;
    client_reference_id: string;
    amount: number;
    currency: string;
  }[];
  has_more: boolean;
}

async function ledger(query = 'limit=1000'): Promise<Ledger> {
  return (await (await fetch(`${origin}/ledger?${query}`)).json()) as Ledger;
}

async function chargesOf(sessionId: string): Promise<Ledger['charges']> {
  return (await ledger()).charges.filter(({ session_id }) => session_id === sessionId);
}

function postJson(path: string, body: string): Promise<Response> {
  return fetch(`${origin}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

describe('Checkout Sessions', () => {
  test('a new session is open, unpaid and for the sum of its lines', async () => {
    const session = await stripe.checkout.sessions.create(sessionParameters('o-1'));
    expect(session).toMatchObject({
      object: 'checkout.session',
      status: 'open',
      payment_status: 'unpaid',
      payment_intent: null,
      amount_total: 19_998,
      currency: 'usd',
      client_reference_id: 'o-1',
      metadata: { order_id: 'o-1' },
      livemode: false,
      mode: 'payment',
      url: `http://localhost:${simulator.port}/pay/${session.id}`,
    });
    expect(session.id).toMatch(/^cs_test_/);
    // A day after the request. The second may have changed before the insert.
    expect([86_399, 86_400]).toContain(session.expires_at - session.created);
    expect(session.lastResponse.requestId).toMatch(/^req_/);
    await expect(stripe.checkout.sessions.retrieve(session.id)).resolves.toMatchObject({ ...session });
  });

  test('an open session can be expired once', async () => {
    const { id } = await stripe.checkout.sessions.create(sessionParameters('o-2'));
    await expect(stripe.checkout.sessions.expire(id)).resolves.toMatchObject({
      status: 'expired',
      url: null,
    });
    const error = await refused(stripe.checkout.sessions.expire(id));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject({ statusCode: 400, message: expect.stringContaining('expired') });
  });

  test('a paid session cannot be expired', async () => {
    const { id } = await stripe.checkout.sessions.create(sessionParameters('o-3'));
    await postJson('/api/submit_payment', JSON.stringify({ session_id: id }));
    await refused(stripe.checkout.sessions.expire(id));
    const session = await stripe.checkout.sessions.retrieve(id);
    expect(session).toMatchObject({ status: 'complete', payment_status: 'paid', url: null });
    expect(session.payment_intent).toMatch(/^pi_/);
  });

  test('a session past its time is expired and cannot be paid', async () => {
    const expiresAt = secondsFromNow(1);
    const { id } = await stripe.checkout.sessions.create(sessionParameters('o-4', { expires_at: expiresAt }));
    await waitFor(
      'the end of the session',
      () => Date.now() / 1000,
      (now) => now >= expiresAt,
    );
    const answer = await postJson('/api/submit_payment', JSON.stringify({ session_id: id }));
    expect(await answer.json()).toEqual({ session_id: id, status: 'expired', payment_status: 'unpaid' });
    expect(await chargesOf(id)).toEqual([]);
  });

  const badParameters: [string, Record<string, unknown>, string, string][] = [
    ['no mode', { mode: undefined }, 'parameter_missing', 'mode'],
    ['another mode', { mode: 'subscription' }, 'parameter_invalid', 'mode'],
    ['no lines', { line_items: undefined }, 'parameter_missing', 'line_items'],
    ['no success address', { success_url: undefined }, 'parameter_missing', 'success_url'],
    ['a script as address', { success_url: 'javascript:alert(1)' }, 'parameter_invalid', 'success_url'],
    ['an unknown parameter', { succes_url: 'x' }, 'parameter_unknown', 'succes_url'],
    ['a fractional time', { expires_at: 1.5 }, 'parameter_invalid_integer', 'expires_at'],
    ['a NUL character', { client_reference_id: 'a\0b' }, 'parameter_invalid', 'client_reference_id'],
    ['a bad email address', { customer_email: 'nobody' }, 'parameter_invalid', 'customer_email'],
    [
      'adaptive pricing',
      { adaptive_pricing: { enabled: true } },
      'parameter_invalid',
      'adaptive_pricing[enabled]',
    ],
    [
      'an unknown parameter of adaptive pricing',
      { adaptive_pricing: { enabled: false, to: 'eur' } },
      'parameter_unknown',
      'adaptive_pricing[to]',
    ],
  ];

  test.each(badParameters)('%s is refused by name', async (_what, more, code, param) => {
    const parameters = { ...sessionParameters('bad'), ...more };
    const error = await refused(stripe.checkout.sessions.create(parameters));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject({ statusCode: 400, code, param });
  });

  test.each([-1, 0, 1.5, 1e9])('a quantity of %d is refused', async (quantity) => {
    const price_data = { currency: 'usd', unit_amount: 1, product_data: { name: 'Cleat' } };
    const parameters = sessionParameters('bad', { line_items: [{ price_data, quantity }] });
    const error = await refused(stripe.checkout.sessions.create(parameters));
    expect(error).toMatchObject({ statusCode: 400, param: 'line_items[0][quantity]' });
  });

  const pricedIn = (currency: string, unit_amount: number) => {
    const price_data = { currency, unit_amount, product_data: { name: 'Cleat' } };
    return stripe.checkout.sessions.create(
      sessionParameters('priced', { line_items: [{ price_data, quantity: 100 }] }),
    );
  };

  test.each([
    ['kwd', 1_234, 'unit_amount'],
    ['isk', 50, 'unit_amount'],
    ['UGX', 101, 'unit_amount'],
    ['cup', 100, 'currency'],
    ['xyz', 100, 'currency'],
    ['constructor', 100, 'currency'],
  ])('a price in %s of %d is refused by its %s', async (currency, amount, param) => {
    expect(await refused(pricedIn(currency, amount))).toMatchObject({
      statusCode: 400,
      param: `line_items[0][price_data][${param}]`,
    });
  });

  test.each([
    ['kwd', 1_230],
    ['isk', 500],
    ['UGX', 100],
    ['huf', 649_550],
    ['twd', 1],
    ['jpy', 1],
  ])('a price in %s of %d is taken', async (currency, amount) => {
    expect(await pricedIn(currency, amount)).toMatchObject({
      amount_total: amount * 100,
      currency: currency.toLowerCase(),
    });
  });

  test.each([-60, 86_400 + 60])('an end in %d seconds is refused', async (seconds) => {
    const parameters = sessionParameters('bad', { expires_at: secondsFromNow(seconds) });
    const error = await refused(stripe.checkout.sessions.create(parameters));
    expect(error).toMatchObject({ statusCode: 400, param: 'expires_at' });
  });

  test('an unknown or malformed session is missing', async () => {
    for (const id of [`cs_test_${'0'.repeat(48)}`, 'cs_test_nonsense', 'a\0b']) {
      const missing = { statusCode: 404, code: 'resource_missing' };
      expect(await refused(stripe.checkout.sessions.retrieve(id))).toMatchObject(missing);
      expect(await refused(stripe.checkout.sessions.expire(id))).toMatchObject(missing);
    }
  });

  test('a wrong key is refused with the error class of the official package', async () => {
    const error = await refused(
      stripeClient(simulator.port, 'sk_test_other').checkout.sessions.retrieve('cs_test_0'),
    );
    expect(error).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
  });

  test.each([
    [undefined, 401],
    ['', 401],
    ['Bearer', 401],
    [`Basic ${secretKey}`, 401],
    ['Bearer sk_test_other', 401],
    [`Bearer ${secretKey} x`, 401],
    [`Bearer ${secretKey}`, 404],
    [`bearer ${secretKey}`, 404],
  ])('the authorization %j is answered with %d', async (authorization, status) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(`${origin}/v1/checkout/sessions/cs_test_0`, { headers });
    expect(answer.status).toBe(status);
  });

  test('an unknown address is refused in the same form', async () => {
    const answer = await fetch(`${origin}/v1/nothing`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });
});

describe('Idempotency keys', () => {
  test('the same key and parameters give the same answer, also after the session has changed', async () => {
    const create = () => stripe.checkout.sessions.create(sessionParameters('k-1'), { idempotencyKey: 'k-1' });
    const first = await create();
    await stripe.checkout.sessions.expire(first.id);
    const second = await create();
    expect({ ...second }).toEqual({ ...first });
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  });

  test('the same key with other parameters is an idempotency error', async () => {
    const options = { idempotencyKey: 'k-2' };
    await stripe.checkout.sessions.create(sessionParameters('k-2'), options);
    const error = await refused(stripe.checkout.sessions.create(sessionParameters('k-2b'), options));
    expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(error.statusCode).toBe(400);
  });

  test('twenty requests at once with one key make one session; others are refused as in use', async () => {
    const create = () => stripe.checkout.sessions.create(sessionParameters('k-3'), { idempotencyKey: 'k-3' });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, create));
    const { id } = await create();
    const answers = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.id : (outcome.reason as Stripe.errors.StripeError).code,
    );
    expect([id, 'idempotency_key_in_use']).toEqual(expect.arrayContaining(answers));
    const stored = (await ledger()).sessions.filter(
      ({ client_reference_id }) => client_reference_id === 'k-3',
    );
    expect(stored).toHaveLength(1);
  });

  test('a refused request leaves its key free', async () => {
    const options = { idempotencyKey: 'k-4' };
    const late = sessionParameters('k-4', { expires_at: secondsFromNow(-60) });
    await refused(stripe.checkout.sessions.create(late, options));
    const parameters = sessionParameters('k-4', { expires_at: secondsFromNow(60) });
    await expect(stripe.checkout.sessions.create(parameters, options)).resolves.toMatchObject({
      status: 'open',
    });
  });

  test('an expire is replayed too', async () => {
    const { id } = await stripe.checkout.sessions.create(sessionParameters('k-5'));
    const expire = () => stripe.checkout.sessions.expire(id, {}, { idempotencyKey: 'k-5' });
    await expire();
    await expect(expire()).resolves.toMatchObject({ id, status: 'expired' });
  });
});

describe('The tutorial’s routes', () => {
  test('submit pays once, whatever follows', async () => {
    const { id } = await stripe.checkout.sessions.create(sessionParameters('t-1'));
    const paid = { session_id: id, status: 'complete', payment_status: 'paid' };
    for (const path of ['submit_payment', 'submit_payment', 'cancel_payment']) {
      const answer = await postJson(`/api/${path}`, JSON.stringify({ session_id: id }));
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual(paid);
    }
    expect(await chargesOf(id)).toMatchObject([
      { amount: 19_998, currency: 'usd', client_reference_id: 't-1' },
    ]);
  });

  test('cancel ends the session, and it cannot be paid any more', async () => {
    const { id } = await stripe.checkout.sessions.create(sessionParameters('t-2'));
    for (const path of ['cancel_payment', 'submit_payment']) {
      const answer = await postJson(`/api/${path}`, JSON.stringify({ session_id: id }));
      expect(await answer.json()).toEqual({ session_id: id, status: 'expired', payment_status: 'unpaid' });
    }
    expect(await chargesOf(id)).toEqual([]);
  });

  test('twenty submits and twenty cancels at once have one outcome', async () => {
    const { id } = await stripe.checkout.sessions.create(sessionParameters('t-3'));
    const body = JSON.stringify({ session_id: id });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        postJson(index % 2 === 0 ? '/api/submit_payment' : '/api/cancel_payment', body),
      ),
    );
    const states = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(states).size).toBe(1);
    const session = await stripe.checkout.sessions.retrieve(id);
    expect(await chargesOf(id)).toHaveLength(session.payment_status === 'paid' ? 1 : 0);
    expect(await receiver.eventsAbout(id)).toSatisfy(
      (events: Stripe.Event[]) => new Set(events.map((e) => e.id)).size <= 1,
    );
  });

  test.each(['', '{', '[]', '{}', '{"session_id":1}', 'null'])('the body %j is malformed', async (body) => {
    const answer = await postJson('/api/submit_payment', body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  test('an unknown session is missing', async () => {
    const answer = await postJson('/api/submit_payment', '{"session_id":"cs_test_nonsense"}');
    expect(answer.status).toBe(404);
  });

  test('a body over the limit is refused', async () => {
    const answer = await postJson('/api/submit_payment', JSON.stringify({ session_id: 'x'.repeat(300_000) }));
    expect(answer.status).toBe(413);
  });
});

describe('The ledger', () => {
  test('goes page by page through every session', async () => {
    const all = await ledger();
    const seen: string[] = [];
    let after = '';
    for (let more = true; more; ) {
      const part = await ledger(`limit=5${after}`);
      seen.push(...part.sessions.map(({ id }) => id));
      after = `&after=${seen.at(-1)}`;
      more = part.has_more;
    }
    expect(seen).toEqual(all.sessions.map(({ id }) => id));
  });

  test.each(['limit=0', 'limit=1001', 'after=x'])('%s is refused', async (query) => {
    expect((await fetch(`${origin}/ledger?${query}`)).status).toBe(400);
  });
});
