// Each injected fault has its effect, is counted, and hits the same calls in every run.
import { Client } from 'pg';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  type ReceivedWebhook,
  refused,
  sessionParameters,
  startTestSimulator,
  type TestSimulator,
  webhookSecret,
} from '../support/stripe-simulator.ts';

let simulator: TestSimulator;
let stripe: Stripe;

beforeAll(async () => {
  simulator = await startTestSimulator();
  stripe = simulator.stripe;
});

afterEach(() => simulator.send('DELETE', '/control/faults'));

afterAll(() => simulator.close());

const { StripeAPIError, StripeConnectionError, StripeRateLimitError } = Stripe.errors;

interface Faults {
  seed: string;
  general: Record<string, number>;
  sessions: Record<string, Record<string, number>>;
  settings: Record<string, number>;
  hits: Record<string, number>;
}

async function setFaults(faults: Record<string, number>, more: object = {}): Promise<void> {
  const answer = await simulator.send('PUT', '/control/faults', { faults, ...more });
  expect(answer.status).toBe(200);
}

async function readFaults(): Promise<Faults> {
  return (await simulator.send('GET', '/control/faults')).body as unknown as Faults;
}

function create(reference: string, options: Stripe.RequestOptions = {}): Promise<Stripe.Checkout.Session> {
  return stripe.checkout.sessions.create(sessionParameters(reference), {
    idempotencyKey: `pay_${reference}`,
    ...options,
  });
}

async function sessionsOf(reference: string): Promise<Stripe.Checkout.Session[]> {
  const all = await stripe.checkout.sessions.list({ limit: 100 });
  return all.data.filter((session) => session.client_reference_id === reference);
}

describe('The faults', () => {
  test('are stored as set, general and of one session, until a reset', async () => {
    const id = await simulator.open('s-1');
    await setFaults({ api_slow: 0.5, webhook_drop: 1 }, { seed: 'night', settings: { slow_ms: 10 } });
    const set = await simulator.send('PUT', `/control/sessions/${id}/faults`, {
      faults: { webhook_drop: 0.25 },
    });
    expect(set.status).toBe(200);
    expect(await readFaults()).toMatchObject({
      seed: 'night',
      general: { api_slow: 0.5, webhook_drop: 1 },
      sessions: { [id]: { webhook_drop: 0.25 } },
      settings: { slow_ms: 10, delay_ms: 2_000 },
      hits: { api_slow: 0 },
    });
    await setFaults({});
    expect(await readFaults()).toMatchObject({ seed: 'night', general: {}, settings: { slow_ms: 10 } });
    await simulator.send('DELETE', '/control/faults');
    expect(await readFaults()).toMatchObject({
      seed: '1',
      general: {},
      sessions: {},
      settings: { slow_ms: 1_500 },
    });
  });

  test.each([
    [{ faults: { api_slow: 1.5 } }, 'api_slow'],
    [{ faults: { api_slow: -1 } }, 'api_slow'],
    [{ faults: { api_slow: 0.6, api_lost: 0.6 } }, 'faults'],
    [{ faults: { api_bored: 1, webhook_tired: 1 } }, 'webhook_tired'],
    [{ settings: { nap_ms: 5 } }, 'nap_ms'],
    [{ settings: { slow_ms: 1_000_000 } }, 'slow_ms'],
    [{ fault: {} }, 'fault'],
  ])('%j is refused by name', async (change, name) => {
    const { status, body } = await simulator.send('PUT', '/control/faults', change);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(name)]);
  });

  test('cannot be changed by a page of another site', async () => {
    const form = { method: 'POST', body: new URLSearchParams({ 'faults[webhook_drop]': '1' }) };
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
    ]) {
      const answer = await fetch(`${simulator.origin}/control/faults`, { ...form, headers });
      expect(answer.status).toBe(403);
    }
    expect((await readFaults()).general).toEqual({});
  });
});

describe('API faults', () => {
  test('api_error_before: there is no effect, and the failure is stored under its key', async () => {
    await setFaults({ api_error_before: 1 });
    const error = await refused(create('a-1'));
    expect(error).toBeInstanceOf(StripeAPIError);
    expect(error.statusCode).toBe(500);
    expect((await readFaults()).hits).toMatchObject({ api_error_before: 1 });
    await simulator.send('DELETE', '/control/faults');
    const replay = await refused(create('a-1'));
    expect([replay.statusCode, replay.headers?.['idempotent-replayed']]).toEqual([500, 'true']);
    expect(await sessionsOf('a-1')).toEqual([]);
    await create('a-1', { idempotencyKey: 'pay_a-1_again' });
    expect(await sessionsOf('a-1')).toHaveLength(1);
  });

  test('api_error_after: the effect happens, and the failure is stored under its key', async () => {
    await setFaults({ api_error_after: 1 });
    expect((await refused(create('a-2'))).statusCode).toBe(500);
    await simulator.send('DELETE', '/control/faults');
    const replay = await refused(create('a-2'));
    expect([replay.statusCode, replay.headers?.['idempotent-replayed']]).toEqual([500, 'true']);
    expect(await sessionsOf('a-2')).toHaveLength(1);
  });

  test('api_timeout: the effect happens, but there is no answer', async () => {
    await setFaults({ api_timeout: 1 });
    expect(await refused(create('a-3', { timeout: 200 }))).toBeInstanceOf(StripeConnectionError);
    await simulator.send('DELETE', '/control/faults');
    const [session] = await sessionsOf('a-3');
    expect((await create('a-3')).id).toBe(session?.id);
  });

  test('api_timeout: the connection is closed after the time of the settings', async () => {
    await setFaults({ api_timeout: 1 }, { settings: { timeout_ms: 50 } });
    expect(await refused(create('a-3b'))).toBeInstanceOf(StripeConnectionError);
  });

  test('api_slow: the answer is late', async () => {
    await setFaults({ api_slow: 1 }, { settings: { slow_ms: 300 } });
    const begun = performance.now();
    expect(await create('a-4')).toMatchObject({ status: 'open' });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(295);
  });

  test('api_lost: the effect happens, and the connection breaks', async () => {
    await setFaults({ api_lost: 1 });
    expect(await refused(create('a-5'))).toBeInstanceOf(StripeConnectionError);
    await simulator.send('DELETE', '/control/faults');
    expect(await sessionsOf('a-5')).toHaveLength(1);
  });

  test('api_too_many: there is no effect, and nothing is stored', async () => {
    await setFaults({ api_too_many: 1 });
    const error = await refused(create('a-6'));
    expect(error).toBeInstanceOf(StripeRateLimitError);
    expect(error.headers?.['retry-after']).toBe('1');
    await simulator.send('DELETE', '/control/faults');
    expect(await sessionsOf('a-6')).toEqual([]);
    expect(await create('a-6')).toMatchObject({ status: 'open' });
  });

  test('api_html: there is no effect, and the answer is a page', async () => {
    await setFaults({ api_html: 1 });
    expect(await refused(create('a-7'))).toMatchObject({ type: 'StripeAPIError', message: /JSON/ });
    await simulator.send('DELETE', '/control/faults');
    expect(await sessionsOf('a-7')).toEqual([]);
  });

  test('api_garbage: the effect happens, and the answer is not JSON', async () => {
    await setFaults({ api_garbage: 1 });
    expect(await refused(create('a-8'))).toMatchObject({ type: 'StripeAPIError', message: /JSON/ });
    await simulator.send('DELETE', '/control/faults');
    expect(await sessionsOf('a-8')).toHaveLength(1);
  });

  test('reads are hit too, and a session with faults of its own is hit by these alone', async () => {
    const { id } = await create('a-9');
    const { id: other } = await create('a-10');
    await simulator.send('PUT', `/control/sessions/${id}/faults`, { faults: { api_error_before: 1 } });
    expect((await refused(stripe.checkout.sessions.retrieve(id))).statusCode).toBe(500);
    expect(await stripe.checkout.sessions.retrieve(other)).toMatchObject({ id: other });
    await setFaults({ api_html: 1 });
    await simulator.send('PUT', `/control/sessions/${id}/faults`, { faults: {} });
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ id });
  });

  test('the same seed hits the same calls, another seed others', async () => {
    const run = async (seed: string, round: string): Promise<string> => {
      await simulator.send('DELETE', '/control/faults');
      await setFaults({ api_too_many: 0.3, api_html: 0.3 }, { seed });
      const outcomes: string[] = [];
      for (let count = 0; count < 20; count += 1) {
        const call = create(`d-${count % 10}`, { idempotencyKey: `${round}-${count}` });
        outcomes.push(
          await call.then(
            () => 'done',
            (error: Stripe.errors.StripeError) => error.type,
          ),
        );
      }
      const { hits } = await readFaults();
      const hitCalls = outcomes.filter((outcome) => outcome !== 'done');
      expect((hits['api_too_many'] ?? 0) + (hits['api_html'] ?? 0)).toBe(hitCalls.length);
      return outcomes.join();
    };
    const first = await run('7', 'one');
    expect(await run('7', 'two')).toBe(first);
    expect(await run('8', 'three')).not.toBe(first);
    expect(new Set(first.split(','))).toEqual(new Set(['done', 'StripeRateLimitError', 'StripeAPIError']));
  });
});

/** How many of the simulator's statements wait for a lock. */
async function countWaiting(database: Client): Promise<number | null> {
  // Within a transaction Postgres shows the activity as it was first asked for.
  await database.query('select pg_stat_clear_snapshot()');
  const waiting = await database.query(
    `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  );
  return waiting.rowCount;
}

describe('A key', () => {
  test('whose first request still runs is in use', async () => {
    const id = await simulator.open('k-1');
    const intent = await simulator.pay(id);
    const database = new Client({ connectionString: simulator.databaseUrl });
    await database.connect();
    const refund = () => stripe.refunds.create({ payment_intent: intent }, { idempotencyKey: 'k-1' });
    try {
      await database.query('begin');
      await database.query('select from charges where session_id = $1 for update', [id]);
      const first = refund();
      await eventually(
        () => countWaiting(database),
        (count) => count === 1,
      );
      expect(await refused(refund())).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
      await database.query('commit');
      const { id: made } = await first;
      expect((await refund()).id).toBe(made);
    } finally {
      await database.end();
    }
  });
});

async function payNew(reference: string): Promise<string> {
  const id = await simulator.open(reference);
  await simulator.pay(id);
  return id;
}

function webhooksAbout(sessionId: string): ReceivedWebhook[] {
  return simulator.receiver.received.filter(({ body }) => body.includes(sessionId));
}

describe('Webhook faults', () => {
  test('webhook_delay: the event is delivered late', async () => {
    await setFaults({ webhook_delay: 1 }, { settings: { delay_ms: 400 } });
    const begun = Date.now();
    const id = await payNew('w-1');
    await eventually(
      () => simulator.receiver.typesAbout(id),
      (types) => types.length === 1,
    );
    expect(Date.now() - begun).toBeGreaterThanOrEqual(400);
    expect((await readFaults()).hits).toMatchObject({ webhook_delay: 1 });
  });

  test('webhook_drop: the event is listed but not delivered, until it is resent', async () => {
    await setFaults({ webhook_drop: 1 });
    const id = await payNew('w-2');
    await simulator.send('DELETE', '/control/faults');
    const other = await payNew('w-2b');
    await eventually(
      () => simulator.receiver.typesAbout(other),
      (types) => types.length === 1,
    );
    expect(webhooksAbout(id)).toEqual([]);
    const listed = (await stripe.events.list()).data.find(
      ({ data }) => (data.object as { id: string }).id === id,
    );
    await simulator.send('POST', `/control/events/${listed?.id}/resend`);
    const [event] = await eventually(
      () => simulator.receiver.eventsAbout(id),
      (events) => events.length === 1,
    );
    expect(event).toEqual(listed);
  });

  test('webhook_double: the event is delivered twice, although the first delivery was accepted', async () => {
    await setFaults({ webhook_double: 1 });
    const id = await payNew('w-3');
    const [first, second] = await eventually(
      () => simulator.receiver.eventsAbout(id),
      (events) => events.length === 2,
    );
    expect(second).toEqual(first);
  });

  test('webhook_reorder: the event is delivered after a later one', async () => {
    await setFaults({}, { settings: { reorder_ms: 60_000 } });
    const id = await simulator.open('w-4');
    await simulator.send('PUT', `/control/sessions/${id}/faults`, { faults: { webhook_reorder: 1 } });
    await simulator.pay(id);
    await simulator.send('PUT', `/control/sessions/${id}/faults`, { faults: {} });
    await simulator.send('POST', `/control/sessions/${id}/dispute`);
    const intent = await simulator.intentOf(id);
    await eventually(
      () => simulator.receiver.received.filter(({ body }) => body.includes(intent)),
      (received) => received.length === 2,
    );
    const types = (await simulator.receiver.eventsAbout(intent)).map(({ type }) => type);
    expect(types).toEqual(['charge.dispute.created', 'checkout.session.completed']);
  });

  test('webhook_reorder: without a later event it is delivered after the time of the settings', async () => {
    await setFaults({ webhook_reorder: 1 }, { settings: { reorder_ms: 100 } });
    const id = await payNew('w-5');
    await eventually(
      () => simulator.receiver.typesAbout(id),
      (types) => types.length === 1,
    );
  });

  test('webhook_forge: each event is preceded by a forgery, each time of another kind', async () => {
    await setFaults({ webhook_forge: 1 });
    const complaints: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const id = await payNew(`w-6-${count}`);
      const [forged, real] = await eventually(
        () => simulator.receiver.received.filter(({ body }) => body.includes(id)),
        (received) => received.length === 2,
      );
      expect(verify(real!)).toBe('genuine');
      complaints.push(verify(forged!));
    }
    expect(complaints).toEqual([
      expect.stringContaining('No signatures found'),
      expect.stringContaining('No signatures found'),
      expect.stringContaining('No signatures found'),
      expect.stringContaining('No signatures found'),
      expect.stringContaining('Timestamp outside the tolerance zone'),
    ]);
    const forgeries = simulator.receiver.received.filter((webhook) => verify(webhook) !== 'genuine');
    expect(forgeries.filter(({ body }) => body.includes('"amount_total":1,'))).toHaveLength(1);
    expect(forgeries.filter(({ body }) => !isJson(body))).toHaveLength(1);
    expect((await readFaults()).hits).toMatchObject({ webhook_forge: 5 });
  });
});

function verify({ body, headers }: ReceivedWebhook): string {
  try {
    Stripe.webhooks.constructEvent(body, String(headers['stripe-signature']), webhookSecret);
    return 'genuine';
  } catch (error) {
    return String(error);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
