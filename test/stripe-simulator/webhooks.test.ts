// Every event is delivered and signed, through failures of the shop and of Postgres.
import type { Knex } from 'knex';
import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type StripeSimulator, startStripeSimulator } from '../../src/stripe-simulator/simulator.ts';
import { openInspector } from '../support/inspector.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import {
  DatabaseLine,
  eventually,
  secondsFromNow,
  sessionParameters,
  stripeClient,
  testConfig,
  WebhookReceiver,
  webhookSecret,
} from '../support/stripe-simulator.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let rows: Knex;
let line: DatabaseLine;
let simulator: StripeSimulator;
let stripe: Stripe;
const receiver = new WebhookReceiver();

beforeAll(async () => {
  database = await createEmptyDatabase();
  rows = openInspector(database.url, 1);
  line = new DatabaseLine(database.url);
  simulator = await startStripeSimulator(testConfig(await line.start(), await receiver.start()));
  stripe = stripeClient(simulator.port);
});

beforeEach(() => {
  receiver.answer = (response) => response.writeHead(200).end();
});

afterAll(async () => {
  await simulator.close();
  await line.close();
  await receiver.close();
  await rows.destroy();
  await database.drop();
});

async function payNew(reference: string): Promise<string> {
  const { id } = await stripe.checkout.sessions.create(sessionParameters(reference));
  await submit(id);
  return id;
}

function submit(sessionId: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${simulator.port}/api/submit_payment`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: sessionId }),
  });
}

function eventsAbout(sessionId: string, count: number): Promise<Stripe.Event[]> {
  return eventually(
    () => receiver.eventsAbout(sessionId),
    (events) => events.length >= count,
  );
}

test('the event of a payment has a signature that the official package accepts', async () => {
  const begun = Date.now();
  const id = await payNew('w-1');
  const [event] = await eventsAbout(id, 1);
  // Only the notification by the commit is that fast: the loop polls every five seconds.
  expect(Date.now() - begun).toBeLessThan(2_500);
  expect(event).toMatchObject({
    object: 'event',
    type: 'checkout.session.completed',
    livemode: false,
    data: {
      object: {
        id,
        status: 'complete',
        payment_status: 'paid',
        client_reference_id: 'w-1',
        amount_total: 19_998,
      },
    },
  });
  expect(event?.id).toMatch(/^evt_/);
});

test('a wrong secret or a changed body does not verify', async () => {
  const id = await payNew('w-2');
  await eventsAbout(id, 1);
  const webhook = receiver.received.find(({ body }) => body.includes(id));
  const signature = String(webhook?.headers['stripe-signature']);
  const body = webhook?.body ?? '';
  expect(() => Stripe.webhooks.constructEvent(body, signature, 'whsec_other')).toThrow(/signature/);
  expect(() => Stripe.webhooks.constructEvent(body.replace('19998', '1'), signature, webhookSecret)).toThrow(
    /signature/,
  );
});

test('a shop that fails twice gets the event a third time, then no more', async () => {
  let failures = 2;
  receiver.answer = (response) => response.writeHead(failures-- > 0 ? 500 : 200).end();
  const id = await payNew('w-3');
  const event = await eventually(
    () => rows('events').where('session_id', id).first('id', 'attempts', 'copies', 'delivered_at'),
    (row) => row?.delivered_at instanceof Date,
  );
  // An event that was delivered is never due again.
  expect(event).toEqual({ id: event.id, attempts: 3, copies: 0, delivered_at: expect.any(Date) });
  const received = await receiver.eventsAbout(id);
  expect(received.map((each) => each.id)).toEqual([event.id, event.id, event.id]);
});

test('a redirect is not an answer', async () => {
  let redirects = 1;
  receiver.answer = (response) =>
    response.writeHead(redirects-- > 0 ? 302 : 204, { location: '/other' }).end();
  expect(await eventsAbout(await payNew('w-4'), 2)).toHaveLength(2);
});

test('events that get no answer do not hold up others', async () => {
  const failing = new Set<string>();
  receiver.answer = (response, { body }) => {
    if (![...failing].some((id) => body.includes(id))) response.writeHead(200).end();
  };
  for (const reference of ['w-5a', 'w-5b', 'w-5c']) {
    const { id } = await stripe.checkout.sessions.create(sessionParameters(reference));
    failing.add(id);
    await submit(id);
    await eventsAbout(id, 1);
  }
  expect(await eventsAbout(await payNew('w-5d'), 1)).toHaveLength(1);
});

test('an overdue session is expired without a request', async () => {
  const parameters = sessionParameters('w-6', { expires_at: secondsFromNow(1) });
  const { id } = await stripe.checkout.sessions.create(parameters);
  const [event] = await eventsAbout(id, 1);
  expect(event).toMatchObject({
    type: 'checkout.session.expired',
    data: { object: { id, status: 'expired', payment_status: 'unpaid', url: null } },
  });
});

test('while Postgres is away requests get 503, and afterwards all work continues', async () => {
  const { id } = await stripe.checkout.sessions.create(sessionParameters('w-7'));
  line.cut();
  const health = await fetch(`http://127.0.0.1:${simulator.port}/healthz`);
  expect([health.status, health.headers.get('retry-after')]).toEqual([503, '1']);
  await expect(stripe.checkout.sessions.retrieve(id)).rejects.toBeInstanceOf(Stripe.errors.StripeAPIError);
  const page = await fetch(`http://127.0.0.1:${simulator.port}/pay/${id}`);
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('Nothing was lost')]);
  line.mend();
  await eventually(
    () => submit(id),
    (answer) => answer.status === 200,
  );
  await eventsAbout(id, 1);
});
