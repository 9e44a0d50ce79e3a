// The real process under kill -9: acknowledged work exists exactly once afterwards, and its webhook is delivered.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { reservePort } from '../support/ports.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import {
  eventually,
  secretKey,
  sessionParameters,
  stripeClient,
  WebhookReceiver,
  webhookSecret,
} from '../support/stripe-simulator.ts';
import { waitFor } from '../support/wait.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let environment: Record<string, string>;
let port: number;
let child: ChildProcess;
const receiver = new WebhookReceiver();

beforeAll(async () => {
  database = await createEmptyDatabase();
  port = await reservePort();
  environment = {
    DATABASE_URL: database.url,
    PAYMENT_SERVICE_PORT: String(port),
    SHOP_WEBHOOK_URL: await receiver.start(),
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    LOG_LEVEL: 'silent',
  };
});

afterEach(() => kill());

afterAll(async () => {
  await receiver.close();
  await database.drop();
});

function launch(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['dist/stripe-simulator/main.js'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

async function start(): Promise<void> {
  child = launch(environment);
  const [message] = await once(child, 'message');
  expect(message).toBe('ready');
}

async function kill(): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function submit(sessionId: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/api/submit_payment`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: sessionId }),
  });
}

/** Asks until there is an answer, as a client does that has an idempotency key. */
function insist<Value>(request: () => Promise<Value>): Promise<Value> {
  return waitFor('an answer', request, () => true);
}

test('killed between the payment and the answer to its webhook, it sends the webhook again', async () => {
  await start();
  const { id } = await stripeClient(port).checkout.sessions.create(sessionParameters('c-1'));
  receiver.answer = () => {};
  await submit(id);
  const [first] = await eventually(
    () => receiver.eventsAbout(id),
    (events) => events.length === 1,
  );
  await kill();
  receiver.answer = (response) => response.writeHead(200).end();
  await start();
  const events = await eventually(
    () => receiver.eventsAbout(id),
    (events) => events.length === 2,
  );
  expect(events[1]).toEqual(first);
  expect(await stripeClient(port).checkout.sessions.retrieve(id)).toMatchObject({ payment_status: 'paid' });
});

test('killed again and again under load, it keeps every answer, one session per key, one charge per session', {
  tags: ['slow'],
}, async () => {
  receiver.answer = (response) => response.writeHead(200).end();
  await start();
  const closing = new AbortController();
  const acknowledged = new Map<string, string>();

  const buyer = async (name: string): Promise<void> => {
    for (let count = 0; !closing.signal.aborted; count += 1) {
      const key = `${name}-${count}`;
      const create = () =>
        stripeClient(port).checkout.sessions.create(sessionParameters(key), {
          idempotencyKey: key,
          timeout: 2_000,
        });
      const { id } = await insist(create);
      acknowledged.set(key, id);
      expect((await insist(create)).id).toBe(id);
      await insist(() => submit(id));
    }
  };
  const buyers = ['ann', 'bob', 'cid', 'dot'].map(buyer);
  for (let kills = 0; kills < 4; kills += 1) {
    const before = acknowledged.size;
    await eventually(
      () => acknowledged.size,
      (size) => size > before + 5,
    );
    await kill();
    await start();
  }
  closing.abort();
  await Promise.all(buyers);

  const { sessions, charges } = await wholeLedger();
  const bought = sessions.filter(({ client_reference_id }) => acknowledged.has(client_reference_id));
  expect(new Map(bought.map((session) => [session.client_reference_id, session.id]))).toEqual(acknowledged);
  expect(bought).toHaveLength(acknowledged.size);
  const charged = charges.filter(({ client_reference_id }) => acknowledged.has(client_reference_id));
  expect(charged.map(({ client_reference_id }) => client_reference_id).toSorted()).toEqual(
    [...acknowledged.keys()].toSorted(),
  );
  for (const id of acknowledged.values()) {
    await eventually(
      () => receiver.eventsAbout(id),
      (events) => events.length > 0,
    );
  }
});

interface Entry {
  id: string;
  client_reference_id: string;
}

async function wholeLedger(): Promise<{ sessions: Entry[]; charges: Entry[] }> {
  const all: { sessions: Entry[]; charges: Entry[] } = { sessions: [], charges: [] };
  for (let more = true, after = ''; more; ) {
    const answer = await fetch(`http://127.0.0.1:${port}/ledger?limit=1000${after}`);
    const part = (await answer.json()) as typeof all & { has_more: boolean };
    all.sessions.push(...part.sessions);
    all.charges.push(...part.charges);
    after = `&after=${part.sessions.at(-1)?.id}`;
    more = part.has_more;
  }
  return all;
}

test('it makes its own database when there is none', { tags: ['slow'] }, async () => {
  const missing = await createEmptyDatabase();
  await missing.drop();
  try {
    child = launch({ ...environment, DATABASE_URL: missing.url });
    await once(child, 'message');
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    await kill();
  } finally {
    await missing.drop();
  }
});

test.each(['SIGTERM', 'disconnect'])('%s ends it cleanly', async (how) => {
  await start();
  const exit = once(child, 'exit');
  if (how === 'SIGTERM') child.kill('SIGTERM');
  else child.disconnect();
  expect(await exit).toEqual([0, null]);
});

test('bad settings stop the start, every fault at once', async () => {
  child = launch({ PAYMENT_SERVICE_PORT: 'x', DATABASE_URL: '', LOG_LEVEL: 'loud' });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  for (const name of [
    'PAYMENT_SERVICE_PORT',
    'DATABASE_URL',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'LOG_LEVEL',
  ]) {
    expect(complaint).toContain(name);
  }
});
