import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { discountHolderOf } from '../../src/domain/discount.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { fieldIn, Visitor } from '../support/browser.ts';
import { askProvider, pauseComparison, providerEvent, waysToCancel } from '../support/edges.ts';
import { sendForm } from '../support/forms.ts';
import {
  ask,
  attentionItems,
  becomes,
  control,
  hurryDispatch,
  outcomeOfEvent,
  pay,
  placeOrder,
  placePaidOrder,
  postSigned,
  type TestOrder,
} from '../support/orders.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { refund } from '../support/refunds.ts';
import { insertWorkflow } from '../support/retention.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';
import { dump, linesWith, placesOf } from './dump.ts';

// `npm run erase` and `npm run export-customer` on a shop in which one person has orders in every state (docs/PRIVACY.md).

const email = 'Ada.Lovelace+shop@Reader.Example';
const lower = email.toLowerCase();
const typo = 'ada.lovelace+shop@raeder.example';
// The same text at its end, and another person.
const bystander = `z${lower}`;
const words = 'for Ada Lovelace of St James’s Square';
const customer = {
  email: lower,
  name: 'Ada Lovelace',
  phone: '+44 20 7946 0999',
  address: { city: 'London', line1: '12 St James’s Square' },
};
const delivery = {
  method: 'standard',
  address: {
    name: customer.name,
    line1: '7 Dover Street',
    postal_code: 'W1S 4LD',
    city: 'London',
    country: 'GB',
    phone: '+44 20 7946 0111',
  },
};
/** Anything of her in a dump. */
const hers =
  /(?<!z)ada\.lovelace\+shop@r[ae]{2}der\.example|ada lovelace|7946 0(?:999|111)|james’s|dover street/i;

const project = fileURLToPath(new URL('../..', import.meta.url));
let databases: TestDatabase;
let shop: TestShop;
let orders: Record<string, TestOrder>;
let bystanders: TestOrder;
let cart: Visitor;

beforeAll(async () => {
  databases = await createTestDatabase();
  const times = { HOLD_SECONDS: '600', DISPATCH_SECONDS: '600', RECONCILE_SECONDS: '3600' };
  const settings = { ...times, HOLD_LIMITS: 'loose' };
  shop = await startTestShop(settings, databases);
  await pauseComparison();
  await DBOS.pauseSchedule('housekeeping');
  await DBOS.pauseSchedule('reconcile');
  bystanders = await dispatched(bystander);
  orders = await ordersInEveryState();
  await payUnknown();
  await addLostWorkflows();
  await quiet();
});

afterAll(async () => {
  await shop?.close();
});

const makers: Readonly<Record<string, () => Promise<TestOrder>>> = {
  pending: () => placeOrder(shop, { email, delivery }),
  paid: () => placePaidOrder(shop, { email: lower, delivery }),
  refundDue: failingRefund,
  dispatched: () => dispatched(email),
  cancelled: async () => {
    const order = await placeOrder(shop, { email, delivery });
    await waysToCancel['on the order’s page'](shop, order);
    await becomes(shop, order, { status: 'cancelled' });
    return order;
  },
  expired: async () => {
    const order = await placeOrder(shop, { email: lower, delivery });
    await askProvider(shop, `checkout/sessions/${order.payment_id}/expire`, 'POST');
    await becomes(shop, order, { status: 'cancelled' });
    return order;
  },
  partlyRefunded: async () => {
    const order = await dispatched(email);
    await refund(shop, order, { amount: 100, reason: words });
    await waitFor(
      'the refund to be made',
      () => shop.database('refunds').where({ order_id: order.order_id }).pluck('state'),
      (states) => states.join() === 'made',
    );
    return order;
  },
  refunded: async () => {
    const order = await placePaidOrder(shop, { email, delivery });
    await refund(shop, order);
    await becomes(shop, order, { status: 'refunded' });
    return order;
  },
  disputed: async () => {
    const order = await dispatched(email);
    await control(shop, order, 'dispute');
    return order;
  },
  shipped: inParcel,
  emailFailed: failingMessage,
  fromCart,
  named: paidByName,
};

async function ordersInEveryState(): Promise<Record<string, TestOrder>> {
  await refuse();
  const waiting = Object.entries(makers);
  const made: Record<string, TestOrder> = {};
  const makeOneByOne = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) made[next[0]] = await next[1]();
  };
  await Promise.all([makeOneByOne(), makeOneByOne(), makeOneByOne()]);
  return made;
}

async function dispatched(buyer: string): Promise<TestOrder> {
  const order = await placePaidOrder(shop, { email: buyer, ...(buyer !== bystander && { delivery }) });
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  return order;
}

/** Followed by her name at the carrier. */
async function inParcel(): Promise<TestOrder> {
  const order = await placePaidOrder(shop, { email, delivery });
  const parcel = {
    carrier: 'Parcel Post',
    number: customer.name,
    link: `https://parcels.example/?of=${lower}`,
  };
  const { status } = await ask(`${shop.shopUrl}/order/${order.order_id}/shipments`, parcel);
  expect(status).toBe(201);
  await becomes(shop, order, { status: 'dispatched' });
  return order;
}

async function refuse(): Promise<void> {
  const key = `refused-${randomUUID()}`;
  const items = [{ sku: 'shackle', qty: 1000 }];
  expect(await ask(`${shop.shopUrl}/checkout/${key}`, { items, email, delivery })).toMatchObject({
    status: 409,
  });
}

/** Paid by a charge that the provider does not have, so that its refund is refused. */
async function failingRefund(): Promise<TestOrder> {
  const order = await placeOrder(shop, { email, delivery });
  await postSigned(shop, paidEvent(order));
  await becomes(shop, order, { status: 'paid' });
  await refund(shop, order);
  await waitFor(
    'the refund to be refused',
    () => attentionItems(shop, order),
    (items) => items.length > 0,
  );
  return order;
}

function paidEvent({ payment_id: id, order_id: orderId, total }: TestOrder) {
  const object = {
    id,
    client_reference_id: String(orderId),
    amount_total: total,
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: `pi_nowhere_${orderId}`,
    customer_details: customer,
    customer_email: lower,
    shipping_details: { name: customer.name, address: customer.address },
  };
  return { id: `evt_${randomUUID()}`, type: 'checkout.session.completed', created: 1, data: { object } };
}

async function paidByName(): Promise<TestOrder> {
  const order = await placeOrder(shop, { email, delivery });
  expect(await postSigned(shop, paidEvent(order))).toBe(200);
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  return order;
}

/** A message that no mail server has taken, and that an operator has not decided about. */
async function failingMessage(): Promise<TestOrder> {
  const order = await dispatched(email);
  const [message] = await waitFor<{ email_id: string }[]>(
    'its message',
    () => shop.database('emails').where({ order_id: order.order_id }).whereNotNull('sent_at'),
    (sent) => sent.length > 0,
  );
  await shop.database('emails').where({ order_id: order.order_id }).update({ sent_at: null });
  await shop.database('attention').insert({
    kind: 'email_failed',
    subject: String(message?.email_id),
    order_id: order.order_id,
    reason: 'email_refused',
    detail: { message: `550 <${email}>: no such user` },
  });
  return order;
}

/** An order of a browser, whose address was corrected, and a cart that is left. */
async function fromCart(): Promise<TestOrder> {
  cart = new Visitor(shop.shopUrl);
  await cart.post('/cart/lines', { sku: 'cleat', qty: '1' });
  const { text } = await cart.get('/cart/checkout');
  const form = { key: fieldIn(text, 'key'), fingerprint: fieldIn(text, 'fingerprint') };
  for (const typed of [typo, email]) await cart.post('/cart/checkout', { ...form, email: typed });
  const row = await shop
    .database('orders')
    .join('payments', 'payments.order_id', 'orders.order_id')
    .where({ checkout_key: form.key })
    .first('orders.order_id', 'token', 'session_id', 'total_cents', 'email');
  // The domain is stored in small letters.
  expect(row.email).toBe(email.replace(/@.*/, (domain) => domain.toLowerCase()));
  const order = {
    order_id: row.order_id,
    payment_id: row.session_id,
    order_url: `${shop.shopUrl}/orders/${row.token}`,
    payment_url: '',
    total: row.total_cents,
    key: form.key,
  };
  await pay(shop, order);
  await becomes(shop, order, { status: 'paid' });
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  await cart.post('/cart/lines', { sku: 'block', qty: '2' });
  return order;
}

/** Pays two orders that the database does not know; one of them is on the attention list. */
async function payUnknown(): Promise<void> {
  for (const orderId of [900_001, 900_002]) {
    const provider = createStripeProvider({
      secretKey,
      serviceUrl: shop.paymentUrl,
      webhookSecrets: [],
      timeoutSeconds: 8,
    });
    const session = await provider.openSession({
      orderId,
      correlationToken: 'of-an-order-that-is-lost',
      email: lower,
      currency: 'USD',
      lines: [{ product: 'Bow Shackle', qty: 1, unitPriceCents: 1890 }],
      delivery: null,
      totalCents: 1890,
      holdExpiresAt: Date.now() + 60_000,
      orderUrl: `${shop.shopUrl}/orders/token`,
    });
    if ('refused' in session) throw new Error(session.refused);
    const { sessionId, url } = session;
    const order = {
      order_id: orderId,
      payment_id: sessionId,
      payment_url: url,
      order_url: '',
      total: 1890,
      key: '',
    };
    await pay(shop, order);
    const eventId = await providerEvent(shop, order, 'checkout.session.completed');
    expect(await outcomeOfEvent(shop, eventId)).toBe('unknown_order');
    if (orderId === 900_001) await makeOlder(eventId);
  }
  await ask(`${shop.shopUrl}/reconciliation`);
  expect(await unknownItems()).toMatchObject([{ detail: { email: lower } }]);
}

async function makeOlder(eventId: string): Promise<void> {
  const before = shop.database.raw(`now() - interval '11 minutes'`);
  await shop.database('payment_events').where({ event_id: eventId }).update({ received_at: before });
}

function unknownItems(): Promise<object[]> {
  return shop.database('attention').where({ kind: 'unknown_payment' }).whereNull('resolved_at');
}

/** The columns in which the engine may keep an address. */
const columnsOfEngine = {
  workflow_input: 'inputs',
  workflow_output: 'output',
  operation_outputs: 'error',
  notifications: 'message',
  workflow_events: 'value',
  workflow_events_history: 'value',
  streams: 'value',
} as const;
const lostWorkflows = Object.keys(columnsOfEngine).map((table) => `lost-${table}`);

/** Checkouts that failed before there was an order, each with her address in another table of the engine. */
async function addLostWorkflows(): Promise<void> {
  const text = JSON.stringify({ json: [{ order: { email } }], __dbos_serializer: 'superjson' });
  for (const [table, column] of Object.entries(columnsOfEngine)) {
    await insertWorkflow(shop, `lost-${table}`, { daysAgo: 1 });
    const id = table === 'notifications' ? 'destination_uuid' : 'workflow_uuid';
    await shop
      .database(`dbos.${table}`)
      .where({ [id]: `lost-${table}` })
      .update({ [column]: text });
  }
}

/** Waits until no checkout and no message has work left, but for the order that waits for its payment. */
async function quiet(): Promise<void> {
  await waitFor(
    'the messages to be sent and the checkouts to end',
    () =>
      shop
        .database('dbos.workflow_status')
        .whereIn('name', ['checkout', 'email'])
        .whereNull('completed_at')
        .pluck('workflow_uuid'),
    (active) => active.every((id) => id === `checkout-${orders['pending']?.key}`),
  );
}

interface Run {
  readonly code: number;
  readonly output: string;
}

/** Runs a program of the build as an operator does. */
async function run(program: string, ...parameters: string[]): Promise<Run> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: databases.url };
  const running = promisify(execFile)(process.execPath, [`dist/${program}.js`, ...parameters], {
    cwd: project,
    env,
    maxBuffer: 2 ** 27,
  });
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

const inProgress = ['pending', 'paid', 'refundDue'] as const;

function idOf(name: string): number {
  return orders[name]?.order_id ?? 0;
}

function rowOf(orderId: number): Promise<Record<string, unknown>> {
  return shop.database('orders').where({ order_id: orderId }).first();
}

/** All rows about the other person, of the engine too. */
async function bystandersRows(): Promise<string[]> {
  const own = new RegExp(
    `"order_id": ${bystanders.order_id}\\b|checkout-${bystanders.key}|${bystander.replace('+', '\\+')}`,
  );
  return linesWith(await dump(shop.database), own);
}

describe.sequential('a person with orders in every state', () => {
  let others: string[];

  test('is exported with all of them, and nobody else is', async () => {
    others = await bystandersRows();
    expect(others.length).toBeGreaterThan(5);
    const { code, output } = await run('export-customer', email.toUpperCase());
    expect(code).toBe(0);
    const data = JSON.parse(output) as {
      orders: {
        order_id: number;
        emails: object[];
        refunds: object[];
        shipments: object[];
        shipment_lines: object[];
        holders: object[];
      }[];
      carts: { cart_lines: object[] }[];
      unknown_payments: object[];
      workflows: { workflow_uuid: string; workflow_input: { inputs: string }[] }[];
    };
    // One of them was refused.
    expect(data.orders).toHaveLength(Object.keys(orders).length + 1);
    expect(data.orders.map(({ order_id: id }) => id)).toEqual(
      expect.arrayContaining(Object.values(orders).map(({ order_id: id }) => id)),
    );
    expect(data.orders.flatMap(({ emails }) => emails).length).toBeGreaterThan(5);
    expect(data.orders.flatMap(({ refunds }) => refunds)).toContainEqual(
      expect.objectContaining({ note: words }),
    );
    const sent = data.orders.find(({ order_id: id }) => id === idOf('shipped'));
    expect(sent?.shipments).toMatchObject([{ tracking_number: customer.name }]);
    expect(sent?.shipment_lines).toMatchObject([{ quantity: 1 }]);
    const held = data.orders.find(({ order_id: id }) => id === idOf('pending'));
    expect(held?.holders, 'its network and its address').toHaveLength(2);
    expect(data.carts).toMatchObject([{ cart_lines: [{ quantity: 2 }] }]);
    // Two events, and the item of one of them.
    expect(data.unknown_payments).toHaveLength(3);
    expect(data.workflows.map(({ workflow_uuid: id }) => id)).toEqual(
      expect.arrayContaining([...lostWorkflows, `checkout-${orders['pending']?.key}`]),
    );
    expect(output).not.toContain(bystander);
    expect(output).toContain(delivery.address.line1);
    expect(output).not.toContain(customer.phone);
  });

  test('is erased but for the orders in progress, which are named and go on', async () => {
    const before = await dump(shop.database);
    expect(placesOf(before, /7946 0999|12 St James/), 'what only the provider knows').toEqual([]);
    const { code, output } = await run('erase', email);
    expect(code).toBe(2);
    expect(output).toContain(`Order ${idOf('pending')} waits for its payment.`);
    expect(output).toContain(`Order ${idOf('paid')} is not dispatched yet.`);
    expect(output).toContain(`Order ${idOf('refundDue')} has a refund that is not made yet.`);
    expect(output).not.toMatch(hers);
    for (const name of Object.keys(orders)) {
      const row = await rowOf(idOf(name));
      const isLeft = (inProgress as readonly string[]).includes(name);
      expect({ name, email: row['email'] !== null }).toEqual({ name, email: isLeft });
      expect({ name, marked: row['erase_asked_at'] !== null }).toEqual({ name, marked: isLeft });
    }
    const left = linesWith(await dump(shop.database), hers);
    const ids = inProgress.map(idOf);
    for (const line of left) {
      expect(line).toMatch(new RegExp(`"order_id": (${ids.join('|')})\\b|^dbos\\.|^public\\.attention`));
    }
    expect(left.filter((line) => line.startsWith('public.orders'))).toHaveLength(inProgress.length);
    expect(await unknownItems(), 'still listed').toMatchObject([
      { detail: { email: null, amountCents: 1890 } },
    ]);
    expect((await auditDatabase(shop.shopDatabase, 30)).broken).toEqual([]);
  });

  test('whose orders in progress end as usual, is erased by the next housekeeping', async () => {
    const { pending, paid, refundDue } = orders as Record<(typeof inProgress)[number], TestOrder>;
    await pay(shop, pending);
    await becomes(shop, pending, { status: 'paid' });
    for (const order of [pending, paid]) {
      await hurryDispatch(shop, order);
      await becomes(shop, order, { status: 'dispatched' });
    }
    for (const { attention_id: id } of await attentionItems(shop, refundDue)) {
      await ask(`${shop.shopUrl}/attention/${id}/resolve`, { resolution: words });
    }
    await becomes(shop, refundDue, { status: 'refunded' });
    await quiet();
    const messages = await shop
      .database('emails')
      .where({ order_id: pending.order_id })
      .whereNotNull('sent_at');
    expect(messages, 'she still gets the messages about them').toHaveLength(1);
    const housekeeping = await DBOS.triggerSchedule('housekeeping');
    await housekeeping.getResult();
    expect(placesOf(await dump(shop.database), hers)).toEqual([]);
  });

  test('is found nowhere any more; a repeated erasure and an export find nothing', async () => {
    const { code, output } = await run('erase', lower);
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/^Orders of the address: 0\n[^]*Nothing of the address is left\.\n$/),
    });
    const exported = JSON.parse((await run('export-customer', email)).output);
    expect(exported).toMatchObject({ orders: [], carts: [], unknown_payments: [], workflows: [] });
    expect((await shop.database('carts')).length, 'her cart is gone').toBe(0);
    expect((await cart.get('/your-orders')).text).not.toContain('/orders/');
  });

  test('leaves the accounts behind, and other people alone', async () => {
    expect((await auditDatabase(shop.shopDatabase, 30)).broken).toEqual([]);
    await expectStockBalanced(shop.database);
    const row = await rowOf(idOf('partlyRefunded'));
    expect(row).toMatchObject({
      status: 'dispatched',
      total_cents: orders['partlyRefunded']?.total,
      browser_id: null,
    });
    const refunds = await shop.database('refunds').where({ order_id: idOf('partlyRefunded') });
    expect(refunds).toMatchObject([{ amount_cents: 100, state: 'made', note: '(erased)' }]);
    const parcels = await shop.database('shipments').where({ order_id: idOf('shipped') });
    expect(parcels).toMatchObject([
      { carrier: 'Parcel Post', tracking_number: null, link: null, request: null },
    ]);
    const payment = await shop
      .database('payments')
      .where({ order_id: idOf('partlyRefunded') })
      .first();
    expect(payment).toMatchObject({ refunded_cents: 100, transaction_id: expect.stringMatching(/^pi_/) });
    expect(await bystandersRows()).toEqual(others);
    const receipt = await cart.get(`/orders/${String(row['token'])}/receipt`);
    expect(receipt.text).toContain('Net amount after refunds');
    expect(receipt.text).not.toMatch(hers);
  });

  test('whose erased checkout is repeated gets no second order', async () => {
    const key = orders['dispatched']?.key;
    const again = await ask(`${shop.shopUrl}/checkout/${key}`, {
      items: [{ sku: 'shackle', qty: 1 }],
      email,
    });
    expect(again).toMatchObject({ status: 422, body: { code: 'key_reused' } });
  });
});

test('an address has the small letters of Postgres, and is not the end of a longer one', async () => {
  const place = async (buyer: string): Promise<TestOrder> => {
    const order = await placeOrder(shop, { email: buyer });
    await waysToCancel['on the order’s page'](shop, order);
    await becomes(shop, order, { status: 'cancelled' });
    return order;
  };
  // In small letters, a sigma at the end of a word is another one in JavaScript.
  const person = 'ΝΙΚΟΣ@reader.example';
  const [own, others] = [await place(person), await place(`o'${person}`)];
  await quiet();
  const rows = async () => [
    await rowOf(others.order_id),
    await shop.database('dbos.workflow_input').where({ workflow_uuid: `checkout-${others.key}` }),
  ];
  const before = await rows();

  const exported = await run('export-customer', person);
  expect(JSON.parse(exported.output)).toMatchObject({ orders: [{ order_id: own.order_id }] });
  expect(exported.output).not.toContain(`o'${person}`);
  expect(await run('erase', person)).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^Orders of the address: 1\nOrders erased: 1\n/),
  });
  expect((await rowOf(own.order_id))['email']).toBeNull();
  expect(await rows()).toEqual(before);
});

test('an order without an e-mail address is exported and erased by its number, once it has ended', async () => {
  const order = await placeOrder(shop, { delivery });
  const number = String(order.order_id);
  const exported = await run('export-customer', number);
  expect(JSON.parse(exported.output)).toMatchObject({
    order_id: order.order_id,
    orders: [{ address: { line1: delivery.address.line1 } }],
    workflows: [{ workflow_uuid: `checkout-${order.key}` }],
  });
  expect(await run('erase', number)).toEqual({
    code: 2,
    output: expect.stringContaining(`Order ${number} waits for its payment. It is marked`),
  });
  await waysToCancel['on the order’s page'](shop, order);
  await becomes(shop, order, { status: 'cancelled' });
  await quiet();
  expect(await run('erase', `#${number}`)).toEqual({
    code: 0,
    output: 'Orders erased: 1\nNothing of the order is left.\n',
  });
  expect(placesOf(await dump(shop.database), /dover street/i)).toEqual([]);
  expect(await run('erase', '123456789')).toEqual({ code: 1, output: 'There is no order 123456789.\n' });
});

describe('an order whose address was corrected', () => {
  const [first, second] = ['ada.before@reader.example', 'ada.after@reader.example'] as const;
  const traces = new RegExp(`${first}|${second}|${discountHolderOf(first)}`, 'i');

  test.each([first, second])('is erased by %s with the digests of the first one', async (address) => {
    const code = `FOR-${address}`.replaceAll(/[^a-zA-Z-]/g, '').toUpperCase();
    await shop.database('discount_codes').insert({ code, percent: 10, uses_per_email: 1 });
    const order = await placePaidOrder(shop, { email: first, delivery, discount_code: code });
    const { request_hash: hash } = await rowOf(order.order_id);
    const path = new URL(order.order_url).pathname;
    for (const email of ['ada.between@reader.example', second])
      expect(await sendForm(shop, `${path}/contact`, { act: 'correct', email })).toMatchObject({
        status: 303,
      });
    await hurryDispatch(shop, order);
    await becomes(shop, order, { status: 'dispatched' });
    await quiet();
    const exported = await run('export-customer', first);
    expect(JSON.parse(exported.output), 'the first may belong to a stranger').toMatchObject({ orders: [] });
    expect(await run('erase', address)).toMatchObject({
      code: 0,
      output: expect.stringContaining('Nothing of the address is left.'),
    });
    const left = await dump(shop.database);
    expect(placesOf(left, traces)).toEqual([]);
    expect(placesOf(left, new RegExp(String(hash)))).toEqual([]);
  });
});

test('a request about an order without an address, or that is erased already, is erased by its number', async () => {
  const order = await placePaidOrder(shop);
  const number = String(order.order_id);
  const askToCancel = async () => {
    const path = new URL(order.order_url).pathname;
    const { status } = await sendForm(shop, `${path}/contact`, { act: 'ask', reason: words });
    expect(status).toBe(303);
  };
  await askToCancel();
  expect(await run('erase', number)).toEqual({
    code: 2,
    output: expect.stringContaining(`Order ${number} is not dispatched yet. It is marked`),
  });
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  await quiet();
  const nothingLeft = { code: 0, output: 'Orders erased: 1\nNothing of the order is left.\n' };
  expect(await run('erase', number)).toEqual(nothingLeft);
  expect(placesOf(await dump(shop.database), hers)).toEqual([]);

  const [item] = await attentionItems(shop, order);
  await ask(`${shop.shopUrl}/attention/${item?.attention_id}/resolve`, { resolution: words });
  await askToCancel();
  expect(await run('erase', number)).toEqual(nothingLeft);
  expect(placesOf(await dump(shop.database), hers)).toEqual([]);
});

test.each(['erase', 'export-customer'])(
  '%s without an address says so, and does nothing',
  async (program) => {
    for (const parameters of [[], ['ada lovelace']]) {
      const { code, output } = await run(program, ...parameters);
      expect({ code, output }).toEqual({
        code: 1,
        output:
          'Name the person by one e-mail address, as in ada@example.com, or an order by its number, as in 1234.\n',
      });
    }
  },
);
