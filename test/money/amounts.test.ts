import { randomUUID } from 'node:crypto';
import { env } from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { connect, type Database } from '../../src/database/connection.ts';
import { ingestPaymentEvent } from '../../src/database/transactions/ingest-payment-event.ts';
import { placeOrder } from '../../src/database/transactions/place-order.ts';
import { recordSession } from '../../src/database/transactions/record-session.ts';
import { recordRefundMade, requestRefund } from '../../src/database/transactions/refund-order.ts';
import { correlationTokenOf, type PlacedOrder } from '../../src/domain/order.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { currencies } from '../../src/shared/currencies.ts';
import { inTransaction, statementsOf } from '../../src/shared/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { randomOf } from '../support/random.ts';
import {
  secretKey,
  startTestSimulator,
  type TestSimulator,
  webhookSecret,
} from '../support/stripe-simulator.ts';

// Promise 6 for random orders: prices in currencies with no, two and three digits, taxes that are included or added, codes, deliveries,
// and refunds of units. AMOUNTS_ORDERS are placed; some are paid at the payment service, and refunded unit by unit.

const orders = Number(env['AMOUNTS_ORDERS'] ?? 400);
const seed = Number.parseInt(env['TEST_SEED'] ?? '1', 16);
const paidEvery = orders > 10_000 ? 20 : 10;
const atOnce = 4;

let testDatabase: TestDatabase;
let database: Database;
let simulator: TestSimulator;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, atOnce + 1);
  simulator = await startTestSimulator();
  await fillShop();
});

afterAll(async () => {
  await database?.destroy();
  await testDatabase?.drop();
  await simulator?.close();
});

const random = randomOf(seed);
const oneOf = <Value>(values: readonly Value[]): Value => values[random(values.length)] as Value;
const shopCurrencies = ['USD', 'EUR', 'JPY', 'ISK', 'KWD'] as const;
const stepOf = (currency: string) => currencies.get(currency)?.step ?? 1;
const amountIn = (currency: string, below: number) =>
  (1 + random(Math.ceil(below / stepOf(currency)))) * stepOf(currency);
const productsPerCurrency = 8;
const addresses = [
  { country: 'US', region: 'OR', postalCode: '97403' },
  { country: 'US', region: 'NY', postalCode: '10001' },
  { country: 'GB', region: null, postalCode: 'SW1Y 4JH' },
  { country: 'JP', region: '13', postalCode: '100-0001' },
  { country: 'KW', region: null, postalCode: '13001' },
];
const codes = shopCurrencies.flatMap((currency) => [
  { code: `PERCENT${currency}`, percent: 1 + random(99), uses: 50 * orders },
  {
    code: `AMOUNT${currency}`,
    amount_cents: amountIn(currency, 9000),
    currency,
    uses: Math.ceil(orders / 50),
  },
  {
    code: `EACH${currency}`,
    percent: 10,
    uses_per_email: 2,
    minimum_cents: amountIn(currency, 9000),
    currency,
  },
]);

/** Products, deliveries, taxes and codes. */
async function fillShop(): Promise<void> {
  for (const currency of shopCurrencies) {
    for (let index = 0; index < productsPerCurrency; index += 1) {
      const [product] = await database('products').insert(
        {
          sku: `${currency}-${index}`,
          product: `Product ${index}`,
          description: '',
          price_cents: amountIn(currency, 20_000),
          currency,
          image: '/assets/products/bell.svg',
          restock_level: 1,
          weight_grams: random(3000),
          tax_class: oneOf(['standard', 'reduced', 'none']),
        },
        'product_id',
      );
      const row = { product_id: (product as unknown as { productId: number }).productId };
      await database('supply').insert({
        ...row,
        quantity: 100_000_000,
        reason: 'first stock',
        actor: 'test',
        request_key: `first ${currency} ${index}`,
      });
      await database('stock').insert({ ...row, available: 100_000_000 });
    }
  }
  await database('delivery_methods').insert({
    method: 'parcel',
    name: 'Parcel',
    needs_address: true,
    tax_class: 'reduced',
  });
  await database('delivery_prices').insert(
    shopCurrencies.flatMap((currency) =>
      [0, 5000].map((grams) => ({
        method: 'parcel',
        currency,
        from_grams: grams,
        price_cents: amountIn(currency, 2000),
      })),
    ),
  );
  const zones = [
    { country: 'US', region: 'OR', name: 'Sales tax', included: false },
    { country: 'US', region: '', name: 'Sales tax', included: false },
    { country: 'GB', region: '', name: 'VAT', included: true },
    { country: 'JP', region: '', name: 'Tax', included: true },
  ];
  await database('tax_zones').insert(zones);
  await database('tax_rates').insert(
    zones.flatMap(({ country, region }) =>
      ['standard', 'reduced'].map((taxClass) => ({
        country,
        region,
        tax_class: taxClass,
        rate: random(300_000),
      })),
    ),
  );
  await database('terms').update({ country: 'GB' });
  for (const row of codes) await database('discount_codes').insert(row);
}

/** A random order; undefined when its code gives no discount, or nothing would be left to pay. */
async function placeAny(): Promise<PlacedOrder | undefined> {
  const currency = oneOf(shopCurrencies);
  const skus = new Set(
    Array.from({ length: 1 + random(4) }, () => `${currency}-${random(productsPerCurrency)}`),
  );
  const items = [...skus].toSorted().map((sku) => ({ sku, qty: 1 + random(random(3) === 0 ? 40 : 3) }));
  const place = oneOf(addresses);
  const address = { name: 'Ada Reader', line1: 'Street 1', line2: null, city: 'Town', phone: null, ...place };
  const placed = await placeOrder(
    statementsOf(database),
    {
      order: {
        checkoutKey: randomUUID(),
        requestHash: '0'.repeat(64),
        items,
        email: `buyer-${random(orders)}@reader.example`,
        browserId: null,
        shownCents: null,
        holdSeconds: 6000,
        delivery: random(3) === 0 ? { method: null, address: null } : { method: 'parcel', address },
        discountCode: random(2) === 0 ? null : oneOf(codes).code,
      },
      requestId: randomUUID(),
    },
    null,
  );
  return placed.outcome === 'placed' ? placed.order : undefined;
}

const provider = () =>
  createStripeProvider({
    secretKey,
    webhookSecrets: [webhookSecret],
    serviceUrl: simulator.origin,
    timeoutSeconds: 30,
  });

/** Pays an order at the payment service, and records the payment. @returns its charge */
async function payOrder(stripe: ReturnType<typeof provider>, order: PlacedOrder): Promise<string> {
  const correlationToken = correlationTokenOf(order.token);
  const orderUrl = `https://shop.example/orders/${order.token}`;
  const session = await stripe.openSession({ ...order, correlationToken, orderUrl });
  if ('refused' in session) throw new Error(session.refused);
  await recordSession(statementsOf(database), { orderId: order.orderId, ...session });
  const transactionId = await simulator.pay(session.sessionId);
  await ingestPaymentEvent(
    database,
    { live: false, dispatchSeconds: 6000, emailsPerDay: 3, publicUrl: 'https://shop.example' },
    {
      id: `evt_${order.orderId}`,
      type: 'checkout.session.completed',
      kind: 'paid',
      orderId: order.orderId,
      correlationToken,
      sessionId: session.sessionId,
      amountCents: order.totalCents,
      refundedCents: null,
      currency: order.currency,
      transactionId,
      live: false,
      otherVersion: null,
      returnUrl: orderUrl,
      email: null,
      body: {},
    },
  );
  return transactionId;
}

/** Refunds some units of an order, or all of it in parts. */
async function refundParts(
  stripe: ReturnType<typeof provider>,
  order: PlacedOrder,
  transactionId: string,
): Promise<void> {
  const isWhole = random(2) === 0;
  const units = order.lines.flatMap(({ sku, qty }) => {
    const parts: { sku: string; qty: number }[] = [];
    for (let left = qty; left > 0; ) {
      const part = 1 + random(left);
      parts.push({ sku, qty: part });
      left -= part;
    }
    return parts;
  });
  const asked = [...units.map((part) => ({ lines: [part] })), { delivery: true }];
  let back = 0;
  for (const part of isWhole ? asked : asked.slice(0, 1)) {
    const refund = await requestRefund(database, {
      orderId: order.orderId,
      amountCents: undefined,
      restock: false,
      reason: 'returned',
      actor: 'operator',
      requestKey: randomUUID(),
      ...part,
    });
    // The delivery was free; or nothing is left.
    if ('refused' in refund && ['refund_too_large', 'not_refundable'].includes(refund.refused)) continue;
    if ('refused' in refund) throw new Error(refund.refused);
    // The units were free.
    if (refund.state === 'made') continue;
    back += refund.amountCents;
    const made = await stripe.refund({ ...refund, transactionId });
    if (!('providerRefundId' in made)) throw new Error(JSON.stringify(made));
    await inTransaction(database, (sql) => recordRefundMade(sql, { ...refund, ...made }));
  }
  if (isWhole && back !== order.totalCents)
    throw new Error(`Order ${order.orderId}: ${back} of ${order.totalCents} came back.`);
}

/** The amounts of orders and lines that are not what SQL computes from their prices, codes and rates. */
const wrongLines = `
  select order_id, line.*, discount_codes.percent from (
    select order_id, product_id, cast(quantity as bigint) * unit_price_cents as value, discount_cents, tax_cents, tax_rate
    from order_lines
  ) as line
  join orders using (order_id) join currencies using (currency) left join discount_codes on code = discount_code
  where line.tax_cents <> coalesce(step * round(
      (value - line.discount_cents) * cast(tax_rate as numeric) / (case when tax_included then 1000000 + tax_rate else 1000000 end) / step
    ), 0)
    or (discount_code is null and line.discount_cents <> 0)
    or line.discount_cents <> step * round(value * cast(percent as numeric) / 100 / step)`;

const wrongOrders = `
  select orders.* from orders join currencies using (currency) left join discount_codes on code = discount_code
  where subtotal_cents - orders.discount_cents + delivery_cents + case when tax_included then 0 else tax_cents end <> total_cents
    or (amount_cents is not null and discount_cents <> least(amount_cents, subtotal_cents))
    or total_cents % step <> 0
    or delivery_tax_cents <> coalesce(step * round(
      delivery_cents * cast(delivery_tax_rate as numeric) / (case when tax_included then 1000000 + delivery_tax_rate else 1000000 end) / step
    ), 0)`;

test(`the amounts of ${orders} random orders reconcile to the cent`, { timeout: 3_600_000 }, async () => {
  const stripe = provider();
  let [started, placed] = [0, 0];
  const buy = async (): Promise<void> => {
    while (started < orders) {
      started += 1;
      const isPaid = started % paidEvery === 0;
      const order = await placeAny();
      if (!order) continue;
      placed += 1;
      if (isPaid) await refundParts(stripe, order, await payOrder(stripe, order));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, buy));
  expect(placed).toBeGreaterThan(orders / 2);
  expect((await database.raw(`${wrongLines} limit 5`)).rows).toEqual([]);
  expect((await database.raw(`${wrongOrders} limit 5`)).rows).toEqual([]);
  await database.raw('delete from dbos.workflow_status');
  const { broken } = await auditDatabase(database, 100_000);
  expect(broken.filter(({ promise }) => promise !== 'Acknowledged work goes on')).toEqual([]);
  const ours = await database('payments')
    .where({ state: 'settled' })
    .orWhere({ state: 'refunded' })
    .select(
      database.raw('lower(currency) as currency'),
      database.raw('sum(amount_cents)::bigint as charged'),
      database.raw('sum(refunded_cents)::bigint as refunded'),
    )
    .groupBy('currency')
    .orderBy('currency');
  const charges = new Map<string, { charged: number; refunded: number }>();
  for await (const {
    currency,
    amount_total: amount,
    payment_status: status,
  } of simulator.stripe.checkout.sessions.list({ limit: 100 })) {
    if (status !== 'paid' || currency === null) continue;
    const sums = charges.get(currency) ?? { charged: 0, refunded: 0 };
    charges.set(currency, { ...sums, charged: sums.charged + (amount ?? 0) });
  }
  for await (const { currency, amount } of simulator.stripe.refunds.list({ limit: 100 })) {
    const sums = charges.get(currency) ?? { charged: 0, refunded: 0 };
    charges.set(currency, { ...sums, refunded: sums.refunded + amount });
  }
  const theirs = [...charges]
    .map(([currency, sums]) => ({ currency, ...sums }))
    .toSorted((a, b) => a.currency.localeCompare(b.currency));
  expect(
    ours.map((row) => ({ ...row, charged: Number(row.charged), refunded: Number(row.refunded) })),
  ).toEqual(theirs);
  console.info(`${placed} of ${orders} orders placed, ${theirs.length} currencies charged.`);
});
