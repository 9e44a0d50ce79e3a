import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldIn, Visitor } from '../support/browser.ts';
import { MailServer, type ReceivedMail } from '../support/mail-server.ts';
import { ask, becomes, pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Addresses in any script can buy, and get their message.

let shop: TestShop;
let mail: MailServer;

beforeAll(async () => {
  mail = new MailServer();
  shop = await startTestShop({
    SMTP_URL: await mail.start(),
    EMAIL_FROM: 'The Shop <orders@shop.example>',
    DISPATCH_SECONDS: '600',
  });
});

afterAll(async () => {
  await shop.close();
  await mail.close();
});

/** As typed, as stored, in the message, and as the payment provider gets it. */
const addresses = [
  ['jörg@example.com', 'jörg@example.com', 'jörg@example.com', null],
  ['info@bücher.example', 'info@bücher.example', 'info@xn--bcher-kva.example', 'info@xn--bcher-kva.example'],
  ['Info@BÜCHER.Example', 'Info@bücher.example', 'Info@xn--bcher-kva.example', 'Info@xn--bcher-kva.example'],
  ['用户@例え.jp', '用户@例え.jp', '用户@例え.jp', null],
  [
    "o'brien+tag/1@example.com",
    "o'brien+tag/1@example.com",
    "o'brien+tag/1@example.com",
    "o'brien+tag/1@example.com",
  ],
] as const;

test.each(addresses)('%s buys as a program', async (typed, stored, inMessage, atProvider) => {
  const order = await placeOrder(shop, { email: typed });
  expect(await storedAddress(order)).toBe(stored);
  expect(await providersAddress(order)).toBe(atProvider);
  await pay(shop, order);
  await becomes(shop, order, { status: 'paid' });
  const { recipients, headers } = await messageAbout(order);
  expect(headers).toContain(`To: ${inMessage}`);
  // The test's mail server decodes domains.
  expect(recipients).toEqual([stored]);
});

test.each(addresses)('%s buys in a browser', async (typed, stored) => {
  const visitor = new Visitor(shop.shopUrl);
  await visitor.post('/cart/lines', { sku: 'shackle' });
  const { text } = await visitor.get('/cart/checkout');
  expect(text).not.toContain('type="email"');
  const form = { key: fieldIn(text, 'key'), fingerprint: fieldIn(text, 'fingerprint') };
  const placed = await visitor.post('/cart/checkout', { ...form, email: ` ${typed} ` });
  expect(placed.location).toMatch(new RegExp(`^${shop.paymentUrl}/pay/`));
  const order = await shop.database('orders').where({ checkout_key: form.key }).first();
  expect(order.email).toBe(stored);
});

test.each(['jörg', 'jörg@', '@bücher.example', 'jörg@bücher', 'jörg@büch er.example', 'a@b@bücher.example'])(
  '%s is refused, beside its field',
  async (typed) => {
    const { status, body } = await ask(`${shop.shopUrl}/checkout`, {
      items: [{ sku: 'shackle', qty: 1 }],
      email: typed,
    });
    expect([status, body['code'], body['issues']]).toEqual([
      400,
      'invalid_input',
      [{ field: 'email', message: 'no e-mail address' }],
    ]);
    const visitor = new Visitor(shop.shopUrl);
    await visitor.post('/cart/lines', { sku: 'shackle' });
    const { text } = await visitor.get('/cart/checkout');
    const form = { key: fieldIn(text, 'key'), fingerprint: fieldIn(text, 'fingerprint') };
    const refused = await visitor.post('/cart/checkout', { ...form, email: typed });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('Enter an e-mail address such as');
    expect(refused.text).toContain(`value="${typed}"`);
  },
);

test('one address typed in two ways is the same request', async () => {
  const url = `${shop.shopUrl}/checkout/typed-twice`;
  const request = (email: string) => ask(url, { items: [{ sku: 'shackle', qty: 1 }], email });
  expect((await request('info@bücher.example')).status).toBe(201);
  expect((await request('info@XN--BCHER-KVA.example')).status).toBe(200);
  expect((await request('info@bu\u0308cher.example')).status).toBe(200);
});

async function storedAddress({ order_id: orderId }: TestOrder): Promise<string> {
  return (await shop.database('orders').where({ order_id: orderId }).first()).email;
}

async function providersAddress({ payment_id: id }: TestOrder): Promise<string | null> {
  const { hostname, port } = new URL(shop.paymentUrl);
  const stripe = new Stripe(secretKey, { host: hostname, port, protocol: 'http', telemetry: false });
  return (await stripe.checkout.sessions.retrieve(id)).customer_email;
}

async function messageAbout({ order_id: id }: TestOrder): Promise<ReceivedMail> {
  const [received] = await waitFor(
    'the message',
    () => mail.withId(`<email-${id}-order_confirmed@127.0.0.1>`),
    ({ length }) => length > 0,
  );
  return received!;
}
