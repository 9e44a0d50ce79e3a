import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { minutesBetweenOrderLinks, mostFoundOrders, orderLinksPerDay } from '../../src/domain/limits.ts';
import { words } from '../../src/storefront/words.ts';
import { sendForm } from '../support/forms.ts';
import { MailServer } from '../support/mail-server.ts';
import { placeOrder, placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// "Find your order": the links of its paid orders go to an address, and the answer reveals nothing.

let shop: TestShop;
let mail: MailServer;

beforeAll(async () => {
  mail = new MailServer();
  shop = await startTestShop({
    SMTP_URL: await mail.start(),
    EMAIL_FROM: 'The Shop <orders@shop.example>',
    TRUST_PROXY: '1',
  });
});

afterAll(async () => {
  await shop.close();
  await mail.close();
});

let networks = 0;
beforeEach(() => {
  networks += 1;
});

/** Asks from a network of its own for each test, because one network may ask a few times a minute. */
function find(email: string, headers: Readonly<Record<string, string>> = {}) {
  const from = { 'x-forwarded-for': `192.0.2.${networks}` };
  return sendForm(shop, '/find-order', { email }, { ...from, ...headers });
}

const planned = (email: string) =>
  shop
    .database('emails')
    .join('orders', 'orders.order_id', 'emails.order_id')
    .whereRaw('lower(email) = lower(?)', [email])
    .where('kind', 'orders_found');

/** The texts of the messages with links to an address, once all that are planned are sent. */
async function linksSentTo(email: string): Promise<string[]> {
  await waitFor(
    'every planned message',
    () => shop.database('emails').whereNull('sent_at'),
    (unsent) => unsent.length === 0,
  );
  const found = mail.received.filter(
    ({ recipients, headers }) =>
      recipients.some((one) => one.toLowerCase() === email) && headers.join().includes('orders_found'),
  );
  return found.map(({ text }) => text);
}

/** Makes the messages of an address older. */
async function earlier(email: string, minutes: number): Promise<void> {
  const ids = (await planned(email).select('email_id')).map(({ email_id: id }: { email_id: number }) => id);
  await shop
    .database('emails')
    .whereIn('email_id', ids)
    .update({ created_at: shop.database.raw(`created_at - ? * interval '1 minute'`, [minutes]) });
}

test('one message has the links of the paid orders of an address, in whatever case it is typed', async () => {
  const email = 'finder@reader.example';
  const paid = await placePaidOrder(shop, { email });
  const second = await placePaidOrder(shop, { email: 'Finder@reader.example', sku: 'shackle', qty: 2 });
  const unpaid = await placeOrder(shop, { email });
  const other = await placePaidOrder(shop, { email: 'other@reader.example' });
  expect(await find(' FINDER@reader.example ')).toMatchObject({
    status: 303,
    location: '/find-order?asked=1',
  });
  const [text = '', ...more] = await linksSentTo(email);
  expect(more).toEqual([]);
  expect(text.indexOf(second.order_url)).toBeGreaterThan(0);
  expect(text.indexOf(second.order_url)).toBeLessThan(text.indexOf(paid.order_url));
  for (const { order_url: url } of [unpaid, other]) expect(text).not.toContain(url);
  expect(text).not.toMatch(/older/);
});

test('the newest twenty orders are listed, and that there are more', async () => {
  const email = 'regular@reader.example';
  const first = await placePaidOrder(shop, { email });
  // Older ones, by their numbers.
  await shop.database.raw(
    `insert into orders (order_id, checkout_key, request_hash, token, request_id, status, email, total_cents, subtotal_cents,
       currency, hold_expires_at, paid_at, dispatched_at)
     overriding system value
     select -n, 'regular-' || n, repeat('0', 64), 'regular-token-of-order-' || n, 'r', 'dispatched', email, 1, 1, currency,
       now(), now(), now()
     from orders cross join generate_series(1, 20) as n where order_id = ?`,
    [first.order_id],
  );
  await find(email);
  const [text = ''] = await linksSentTo(email);
  expect(new Set(text.match(/regular-token-of-order-\d+/g)).size).toBe(mostFoundOrders - 1);
  expect(text).toContain(first.order_url);
  expect(text).not.toContain('regular-token-of-order-20');
  expect(text).toContain('There are older ones.');
});

describe('the answer', () => {
  const known = 'known@reader.example';

  test('is the same for every address, in its status, body and headers', async () => {
    await placePaidOrder(shop, { email: known });
    const answerTo = async (email: string) => {
      networks += 1;
      const answer = await fetch(`${shop.shopUrl}/find-order`, {
        method: 'POST',
        redirect: 'manual',
        headers: { accept: 'text/html', 'x-forwarded-for': `198.51.100.${networks}` },
        body: new URLSearchParams({ email }),
      });
      const headers = [...answer.headers].filter(([name]) => name !== 'date');
      return { status: answer.status, headers, body: await answer.text() };
    };
    const unknown = await answerTo('nobody@reader.example');
    expect(unknown.status).toBe(303);
    expect(await answerTo(known), 'gets a message').toEqual(unknown);
    expect(await answerTo(known), 'has had one').toEqual(unknown);
    expect(await planned(known)).toHaveLength(1);
    const html = await (await fetch(`${shop.shopUrl}/find-order?asked=1`)).text();
    expect(html).toContain(words.findOrder.asked);
    expect(html).not.toContain('@reader.example');
  });

  test('comes after the same time', async () => {
    const timeOf = async (email: string) => {
      const from = performance.now();
      await find(email);
      return performance.now() - from;
    };
    await placePaidOrder(shop, { email: 'timed@reader.example' });
    for (const email of ['timed@reader.example', 'untimed@reader.example']) {
      expect(await timeOf(email)).toBeGreaterThanOrEqual(395);
    }
  });
});

describe('messages', () => {
  test('to one address are few, whoever asks, at once and one after the other', async () => {
    const email = 'flooded@reader.example';
    await placePaidOrder(shop, { email });
    const ask = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) => find(email, { 'x-forwarded-for': `203.0.113.${index}` })),
      );
    await ask(8);
    expect(await planned(email)).toHaveLength(1);
    for (let sent = 2; sent <= orderLinksPerDay + 2; sent += 1) {
      await earlier(email, minutesBetweenOrderLinks + 1);
      await ask(2);
      expect(await planned(email)).toHaveLength(Math.min(sent, orderLinksPerDay));
    }
    await earlier(email, 24 * 60);
    await ask(1);
    expect(await planned(email)).toHaveLength(orderLinksPerDay + 1);
    const ids = mail.received.flatMap(({ headers }) => headers.filter((line) => /orders_found/.test(line)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('go to no address under which nothing was paid', async () => {
    const email = 'victim@reader.example';
    await placeOrder(shop, { email });
    expect((await find(email)).status).toBe(303);
    expect(await planned(email)).toEqual([]);
  });
});

test('one network may ask a few times a minute', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => find(`n${index}@reader.example`)),
  );
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
});

test.each([
  '',
  'finder',
  '<script>alert(1)</script>@reader.example',
  `${'x'.repeat(300)}@reader.example`,
  'finder\u202E@reader.example',
  'a@reader.example, b@reader.example',
  'a@reader.example\r\nBcc: b@reader.example',
])('the address %j is refused beside its field, and not repeated as HTML', async (typed) => {
  const { status, html } = await find(typed);
  expect(status).toBe(400);
  expect(html).toContain('id="email-error"');
  expect(html).not.toContain('<script>alert');
});

test('a form of another site finds nothing', async () => {
  const { status } = await find('finder@reader.example', { origin: 'https://evil.example' });
  expect(status).toBe(403);
});
