// A simulator that loses its database behaves like a killed one. The next one continues its work.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStripeSimulator } from '../../src/stripe-simulator/simulator.ts';
import { openInspector } from '../support/inspector.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import {
  DatabaseLine,
  eventually,
  sessionParameters,
  stripeClient,
  testConfig,
  WebhookReceiver,
} from '../support/stripe-simulator.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let webhookUrl: string;
const receiver = new WebhookReceiver();

beforeAll(async () => {
  database = await createEmptyDatabase();
  webhookUrl = await receiver.start();
});

afterAll(async () => {
  await receiver.close();
  await database.drop();
});

function control(port: number, method: string, path: string, body?: object): Promise<Response> {
  const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return fetch(`http://127.0.0.1:${port}/control/${path}`, { method, ...init });
}

test('after a restart faults and counts are kept, the bank answers, and delayed events are delivered', async () => {
  const line = new DatabaseLine(database.url);
  const dying = await startStripeSimulator(testConfig(await line.start(), webhookUrl));
  const settings = { settle_ms: 1_000, delay_ms: 1_000 };
  await control(dying.port, 'PUT', 'faults', { seed: 'kept', faults: { webhook_delay: 1 }, settings });
  const { id } = await stripeClient(dying.port).checkout.sessions.create(sessionParameters('k-1'));
  await control(dying.port, 'POST', `sessions/${id}/complete_unpaid`, { outcome: 'succeeded' });
  line.cut();

  const heir = await startStripeSimulator(testConfig(database.url, webhookUrl));
  try {
    const types = await eventually(
      () => receiver.typesAbout(id),
      (received) => received.length === 2,
    );
    expect(types).toEqual(['checkout.session.completed', 'checkout.session.async_payment_succeeded']);
    const kept = await (await control(heir.port, 'GET', 'faults')).json();
    expect(kept).toMatchObject({
      seed: 'kept',
      general: { webhook_delay: 1 },
      settings,
      hits: { webhook_delay: 2 },
    });
    expect(await stripeClient(heir.port).checkout.sessions.retrieve(id)).toMatchObject({
      payment_status: 'paid',
    });
  } finally {
    await heir.close();
    await dying.close();
    await line.close();
  }
});

test('a user who may not create its database gets the reason in one sentence', async () => {
  const server = openInspector(database.url, 1);
  const user = 'may_create_nothing';
  await server.raw(`create role ${user} login password 'x'`);
  const url = Object.assign(new URL(database.url), { username: user, password: 'x', pathname: '/nowhere' });
  try {
    await expect(startStripeSimulator(testConfig(url.href, webhookUrl))).rejects.toThrow(
      `The user ${user} may not create the database nowhere on ${url.host}. Create it, or give the user the right CREATEDB.`,
    );
  } finally {
    await server.raw(`drop role ${user}`);
    await server.destroy();
  }
});
