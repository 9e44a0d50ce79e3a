import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiVersion } from '../../src/payments/stripe/events.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { currencyRules } from '../../src/stripe-simulator/currencies.ts';
import { drawn } from '../support/drawn.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { readPage, sendForm } from '../support/forms.ts';
import { expectMoneySettled, moneyOf } from '../support/money.ts';
import { ask, becomes, placePaidOrder, type TestOrder } from '../support/orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// In every currency, the amount that people read is the one that the provider charges and pays back. Expected texts come from the
// simulator's own table of currencies.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', HOLD_SECONDS: '600', RECONCILE_SECONDS: '3600' });
  await shop.database('products').insert(Object.keys(currencyRules).map((code) => product(code)));
  await shop.database.raw(
    `insert into stock (product_id, available) select product_id, 9 from products where sku like 'in-%'`,
  );
  await shop.database.raw(
    `insert into supply (product_id, quantity, reason, actor, request_key)
     select product_id, 9, 'test', 'test', sku from products where sku like 'in-%'`,
  );
});

afterAll(async () => {
  await everyRefundMade(shop);
  await expectMoneySettled(shop);
  await shop.close();
});

const skuOf = (code: string): string => `in-${code}`;

function product(code: string) {
  return {
    sku: skuOf(code),
    product: `Priced in ${code}`,
    description: '',
    price_cents: priceOf(code),
    currency: code.toUpperCase(),
    image: '/assets/products/cleat.svg',
    restock_level: 0,
  };
}

const ruleOf = (code: string) => currencyRules[code]!;

/** 6,495 of the currency, and the smallest amount that it has. */
const priceOf = (code: string): number => 6_495 * 10 ** ruleOf(code).decimals + ruleOf(code).smallest;

/** The amount in the notation of the provider's dashboard, without the currency. */
function numberText(code: string, amount: number): string {
  const { decimals } = ruleOf(code);
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat('en-US', digits).format(amount / 10 ** decimals);
}

/** One of each way to count: two digits, none, three, and two that are whole. */
const samples = ['jpy', 'huf', 'kwd', 'isk'];
const others = Object.keys(currencyRules).filter((code) => !samples.includes(code));

describe.each([...samples, ...drawn(others, 0.01)])('in %s', (code) => {
  test('the shown price is charged, and the typed refund is paid back', async () => {
    const price = priceOf(code);
    const shown = numberText(code, price);
    const { body: listed } = await ask(`${shop.shopUrl}/products`, undefined, { method: 'GET' });
    expect(listed).toContainEqual(
      expect.objectContaining({
        sku: skuOf(code),
        price_cents: price,
        price: price / 10 ** ruleOf(code).decimals,
      }),
    );
    expect(await readPage(shop, `/products/${skuOf(code)}`)).toContain(shown);

    const order = await placePaidOrder(shop, { sku: skuOf(code) });
    expect(order.total).toBe(price);
    expect(await moneyOf(shop, order)).toEqual({ charges: [price], refunds: [] });
    expect(await currencyOfCharge(order)).toBe(code);
    expect(await (await fetch(order.payment_url)).text()).toContain(shown);
    expect(await readPage(shop, new URL(order.order_url).pathname)).toContain(shown);

    const part = priceOf(code) - 4_000 * 10 ** ruleOf(code).decimals;
    const typed = numberText(code, part).replaceAll(',', '');
    const { status, location } = await sendForm(shop, '/operator/refund', {
      key: randomUUID(),
      order: String(order.order_id),
      amount: typed,
      reason: 'came broken',
    });
    expect(status).toBe(303);
    expect(await readPage(shop, location!)).toContain(numberText(code, part));
    await becomes(shop, order, { refunded: part });
    await everyRefundMade(shop);
    expect(await moneyOf(shop, order)).toEqual({ charges: [price], refunds: [part] });

    expect(await refund(shop, order)).toMatchObject({ status: 202, body: { amount: price - part } });
    await becomes(shop, order, { status: 'refunded' });
    expect(await moneyOf(shop, order)).toEqual({ charges: [price], refunds: [part, price - part] });
  });
});

async function currencyOfCharge({ order_id: orderId }: TestOrder): Promise<string | undefined> {
  const answer = await fetch(`${shop.paymentUrl}/ledger?limit=1000`);
  const { charges } = (await answer.json()) as {
    charges: { client_reference_id: string; currency: string }[];
  };
  return charges.find((charge) => charge.client_reference_id === String(orderId))?.currency;
}

describe('a refund that the provider would refuse is refused before it is promised', () => {
  test.each([
    ['kwd', 1_234, '1.234', 'KWD 0.010'],
    ['isk', 550, '5.50', 'ISK 1.00'],
    ['ugx', 5, '0.05', 'UGX 1.00'],
  ])('in %s', async (code, amount, typed, step) => {
    const order = await placePaidOrder(shop, { sku: skuOf(code) });
    expect(await refund(shop, order, { amount })).toMatchObject({
      status: 409,
      body: {
        code: 'refund_indivisible',
        refundable: priceOf(code),
        multiple_of: ruleOf(code).smallest,
      },
    });
    const { status, html } = await sendForm(shop, '/operator/refund', {
      key: randomUUID(),
      order: String(order.order_id),
      amount: typed,
      reason: 'came broken',
    });
    expect(status).toBe(409);
    expect(html.replaceAll('\u00a0', ' ')).toContain(`pays back multiples of ${step} only`);
    expect(await shop.database('refunds').where({ order_id: order.order_id })).toEqual([]);
  });
});

test('an amount that has two readings is asked for again, not guessed', async () => {
  const order = await placePaidOrder(shop, { sku: skuOf('huf') });
  for (const amount of ['HUF 6,495', '6,495', '6.495', '6.495,00', '6 495', '6495 Ft']) {
    const typed = { key: randomUUID(), order: String(order.order_id), amount, reason: 'came broken' };
    expect({ amount, status: (await sendForm(shop, '/operator/refund', typed)).status }).toEqual({
      amount,
      status: 400,
    });
  }
  expect(await shop.database('refunds').where({ order_id: order.order_id })).toEqual([]);
});

describe('a price from before the database refused it', () => {
  const unchecked = async (change: object): Promise<void> => {
    await shop.database.raw('alter table products disable trigger products_check_price');
    await shop.database('products').where({ sku: 'thimble' }).update(change);
    await shop.database.raw('alter table products enable trigger products_check_price');
  };

  afterAll(() => unchecked({ price_cents: 450, currency: 'USD' }));

  test.each([
    { price_cents: 1_234, currency: 'KWD' },
    { price_cents: 450, currency: 'CUP' },
  ])('%j is shown, and cannot be ordered', async (change) => {
    await unchecked(change);
    expect(await readPage(shop, '/products/thimble')).toContain(change.currency);
    const answer = await ask(`${shop.shopUrl}/checkout/${randomUUID()}`, {
      items: [{ sku: 'thimble', qty: 10 }],
    });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_input',
        detail: expect.stringContaining('does not take the price of a product'),
      },
    });
  });
});

test('a session is asked for in the order’s own currency, in the version of the API that the shop reads', async () => {
  const fake = new FakeProvider();
  const provider = createStripeProvider({
    secretKey: 'sk_test_currencies_0123456789',
    serviceUrl: await fake.start(),
    webhookSecrets: [],
    timeoutSeconds: 5,
  });
  const asked = provider.openSession({
    orderId: 7,
    correlationToken: 'ours',
    email: null,
    currency: 'HUF',
    lines: [{ product: 'Bow Shackle', qty: 2, unitPriceCents: 649_500 }],
    delivery: null,
    totalCents: 1_299_000,
    holdExpiresAt: 1_800_000_000_000,
    orderUrl: 'http://shop.example/orders/token',
  });
  await expect(asked).rejects.toBeInstanceOf(Error);
  await fake.close();
  const [call] = fake.calls;
  expect(call?.headers['stripe-version']).toBe(apiVersion);
  expect(call?.form.get('adaptive_pricing[enabled]')).toBe('false');
  expect(call?.form.get('line_items[0][price_data][currency]')).toBe('huf');
  expect(call?.form.get('line_items[0][price_data][unit_amount]')).toBe('649500');
});
