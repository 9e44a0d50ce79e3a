// @module-tag slow
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { openInspector } from '../support/inspector.ts';
import {
  ask,
  attentionItems,
  becomes,
  type OpenShop,
  pay,
  placeOrder,
  placePaidOrder,
  readStatus,
} from '../support/orders.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';
import { RealProcess } from '../support/processes.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { choosePlaces, type Places } from '../support/settings.ts';
import { OwnServer } from './own-server.ts';

// The drill of docs/OPERATING.md, "Back-ups": the database is restored from a copy, and the provider knows more than it.
// test/workflows/unknown-payments.test.ts covers the rules without a restore.

const email = 'charged@reader.example';

let server: OwnServer;
let payments: TestDatabase;
let places: Places;
let service: RealProcess;
let running: RealProcess;
let database: Database;
let shop: OpenShop;

beforeAll(async () => {
  server = await OwnServer.open();
  payments = await createEmptyDatabase();
  const { url } = await server.createDatabase('shop', true);
  places = await choosePlaces(
    { shop: url, payments: payments.url },
    { HOLD_SECONDS: '600', DISPATCH_SECONDS: '600', RECONCILE_SECONDS: '1' },
  );
  service = new RealProcess('payments', places.paymentEnv);
  database = openInspector(url, 2);
  shop = { shopUrl: places.shopUrl, paymentUrl: places.paymentUrl, database };
  await startShop();
});

afterAll(async () => {
  await Promise.all([running?.stop(), service?.stop()]);
  await database?.destroy();
  await server?.close();
  await payments?.drop();
});

async function startShop(): Promise<void> {
  running = new RealProcess('shop', places.shopEnv);
  await Promise.all([running.ready(), service.ready()]);
}

async function stopShop(): Promise<void> {
  await running.leave('SIGTERM');
  await server.stop('fast');
}

/** Runs a program of the shop; its output. */
async function run(program: string): Promise<string> {
  const env = { PATH: process.env['PATH'], ...places.shopEnv };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`dist/${program}.js`], { env });
  return stdout + stderr;
}

test('after a restore, new orders get new numbers, and a charged buyer is listed with amount, charge and e-mail', async () => {
  const kept = await placePaidOrder(shop);
  await stopShop();
  await server.backUp();
  await server.start();
  await startShop();

  // The back-up does not have these: a paid order, an open one, and a refund of a part.
  const lost = await placePaidOrder(shop, { email });
  const open = await placeOrder(shop);
  await refund(shop, kept, { amount: 100 });
  await everyRefundMade(shop);
  const [charge] = await database('payments').where({ order_id: lost.order_id }).pluck('transaction_id');

  await stopShop();
  await server.restore();
  await server.start();
  await run('migrate');
  // The comparison leaves out sessions of the last minutes.
  const provider = openInspector(payments.url, 1);
  await provider.raw(`update sessions set created_at = created_at - interval '10 minutes'`);
  await provider.destroy();
  const output = await run('after-restore');
  expect(output).toContain(`The next order is number ${open.order_id + 1}, the next refund number 2.\n`);
  expect(output).toMatch(/ missed_events: [1-9]\d*\n {2}missed_payments: 0\n {2}unknown_payments: 1\n/);
  expect(output).not.toContain(email);
  await startShop();

  const { body } = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET' });
  const paid = {
    orderId: lost.order_id,
    amountCents: lost.total,
    currency: 'USD',
    transactionId: charge,
    email,
  };
  expect(body).toMatchObject([{ kind: 'unknown_payment', subject: lost.payment_id, detail: paid }]);
  const page = await (await fetch(`${shop.shopUrl}/operator`)).text();
  for (const shown of ['$18.90', email, charge]) expect(page).toContain(shown);
  expect(running.output).not.toContain(email);

  const next = await placePaidOrder(shop);
  expect(next.order_id).toBe(open.order_id + 1);
  // The refund that was lost is known from the provider, as one that was made there.
  expect(await readStatus(shop, kept)).toMatchObject({ status: 'paid', refunded: 100 });
  const { body: again } = await refund(shop, kept, { amount: 200 });
  expect(again).toMatchObject({ refund_id: expect.any(Number) });
  await becomes(shop, kept, { refunded: 300 });

  // A buyer who pays for a lost order later on is listed too, by the event.
  await pay(shop, open);
  await expect
    .poll(() => database('payment_events').where('outcome', 'unknown_order').pluck('event_id'))
    .toHaveLength(2);
  expect(await attentionItems(shop, next)).toEqual([]);
  await expectStockBalanced(database);
  expect(await run('audit')).toMatch(/^All \d+ rules are kept\.\n$/);

  const repeated = await run('after-restore');
  expect(repeated).toContain(`The next order is number ${next.order_id + 1}, `);
  expect(repeated, 'only the later payment is new').toMatch(/missed_events: 0\n[^]*unknown_payments: 1\n/);
  const listed = await database('attention')
    .whereNull('resolved_at')
    .orderBy('attention_id')
    .pluck('subject');
  expect(listed).toEqual([lost.payment_id, open.payment_id]);
});
