import createKnex, { type Knex } from 'knex';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrationSource } from '../../src/database/migration-source.ts';
import { readEvent } from '../../src/payments/stripe/events.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';

// Events and attention items as an earlier version has stored them, after the migration that reduces them.

const migration = '012_personal_data.sql';
let testDatabase: TestDatabase;
let database: Knex;

beforeAll(async () => {
  testDatabase = await createEmptyDatabase();
  database = createKnex({ client: 'pg', connection: testDatabase.url, pool: { min: 0, max: 1 } });
  const earlier: Knex.MigrationSource<{ readonly file: string }> = {
    ...migrationSource,
    getMigrations: async () =>
      (await migrationSource.getMigrations([])).filter(({ file }) => file < migration),
  };
  await database.migrate.latest({ migrationSource: earlier });
  await insertRows();
  await database.migrate.latest({ migrationSource });
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

const session = {
  id: 'cs_1',
  object: 'checkout.session',
  client_reference_id: '1',
  amount_total: 9999,
  currency: 'usd',
  payment_status: 'paid',
  payment_intent: 'pi_1',
  success_url: 'https://shop.example/orders/token?returned=1',
  customer_email: 'ada@example.com',
  customer_details: {
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    phone: '+44 20',
    address: { city: 'London' },
  },
  metadata: { order_id: '1', correlation_token: 'ours', note: 'for Ada Lovelace' },
};
const charge = {
  object: 'charge',
  amount: 9999,
  amount_refunded: 500,
  currency: 'usd',
  payment_intent: { id: 'pi_1', shipping: { name: 'Ada Lovelace' } },
  billing_details: { name: 'Ada Lovelace', email: 'ada@example.com' },
  metadata: { order_id: '1', correlation_token: 'ours' },
};

const stored = (id: string, type: string, object: unknown, outcome: string, orderId: number | null = 1) => ({
  event_id: id,
  type,
  body: JSON.stringify({
    id,
    object: 'event',
    type,
    created: 1,
    livemode: false,
    request: { id: null },
    data: { object },
  }),
  outcome,
  order_id: orderId,
});

const events = [
  stored('evt_applied', 'checkout.session.completed', session, 'applied'),
  stored('evt_without_charge', 'checkout.session.expired', { ...session, payment_intent: null }, 'no_change'),
  stored('evt_lost', 'checkout.session.completed', session, 'unknown_order', null),
  stored('evt_refund', 'charge.refunded', charge, 'too_early'),
  stored('evt_dispute', 'charge.dispute.created', { ...charge, metadata: {} }, 'unknown_order', null),
];

async function insertRows(): Promise<void> {
  await database.raw(
    `insert into orders (checkout_key, request_hash, token, request_id, status, total_cents, currency, hold_expires_at)
     select 'key-' || n, repeat('0', 64), 'a-token-that-nobody-guesses-' || n, 'request', 'pending', 9999, 'USD', now()
     from generate_series(1, 2) as n`,
  );
  await database('payment_events').insert(events);
  await database('payment_events').insert([
    { event_id: 'evt_ignored', type: 'customer.created', body: '{}', outcome: 'ignored' },
    {
      event_id: 'evt_strange',
      type: 'charge.refunded',
      body: '{"data":{"object":"Ada Lovelace"}}',
      outcome: 'mismatch',
    },
    { event_id: 'evt_text', type: 'charge.refunded', body: '"Ada Lovelace"', outcome: 'mismatch' },
  ]);
  const item = (kind: string, subject: string, orderId: number, more: object = {}) => ({
    kind,
    subject,
    order_id: orderId,
    reason: kind === 'dispute' ? 'charge_disputed' : 'event_differs',
    detail: JSON.stringify({ type: 'charge.refunded', orderId }),
    resolved_at: null,
    resolution: null,
    ...more,
  });
  await database('attention').insert([
    item('event_mismatch', 'evt_resolved', 1, { resolved_at: new Date(), resolution: 'done' }),
    item('event_mismatch', 'evt_a', 1),
    item('event_mismatch', 'evt_b', 1),
    item('event_mismatch', 'evt_c', 2),
    item('dispute', 'order 1', 1),
  ]);
}

test('a stored event keeps what is read of it, and nothing else about its buyer', async () => {
  const rows = await database('payment_events').orderBy('event_id');
  expect(JSON.stringify(rows.map(({ body }) => body))).not.toMatch(/lovelace|\bada\b|\+44|london/i);
  for (const event of events) {
    const row = rows.find(({ event_id: id }) => id === event.event_id);
    const read = readEvent(JSON.parse(event.body));
    expect(readEvent(row.body), event.event_id).toEqual({ ...read, email: null, body: expect.anything() });
  }
  const others = rows.filter(({ event_id: id }) => /ignored|strange|text/.test(id));
  expect(others.map(({ body }) => body)).toEqual([{}, {}, {}]);
});

test('the address of a payer stays only where the order is unknown', async () => {
  const rows = await database('payment_events').whereNotNull('email').select('event_id', 'email');
  expect(rows).toEqual([{ event_id: 'evt_lost', email: 'ada@example.com' }]);
});

test('open items about one order become one with their number, and others stay', async () => {
  const open = await database('attention').whereNull('resolved_at').orderBy('attention_id');
  expect(open).toMatchObject([
    { kind: 'event_mismatch', subject: 'order 1', count: 2, detail: { eventId: 'evt_a' } },
    { kind: 'event_mismatch', subject: 'order 2', count: 1, detail: { eventId: 'evt_c' } },
    { kind: 'dispute', subject: 'order 1', count: 1 },
  ]);
  const resolved = await database('attention').whereNotNull('resolved_at').orderBy('attention_id');
  expect(resolved).toMatchObject([
    { subject: 'evt_resolved', resolution: 'done' },
    { subject: 'evt_b', resolution: 'done' },
  ]);
});
