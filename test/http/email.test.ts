import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MailServer } from '../support/mail-server.ts';
import { ask, attentionItems, becomes, placeOrder, placePaidOrder } from '../support/orders.ts';
import { refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The whole shop with a mail server, and an operator's retry after the server refused.

let shop: TestShop;
let mail: MailServer;

beforeAll(async () => {
  mail = new MailServer();
  shop = await startTestShop({
    SMTP_URL: await mail.start(),
    EMAIL_FROM: 'The Shop <orders@shop.example>',
    EMAIL_RETRIES: '1',
    EMAIL_RETRY_SECONDS: '0.01',
  });
});

afterAll(async () => {
  await shop.close();
  await mail.close();
});

const email = 'ada@reader.example';

test('a paid order is confirmed by mail, and its message can be read nowhere else', async () => {
  const order = await placePaidOrder(shop, { email });
  const id = `<email-${order.order_id}-order_confirmed@127.0.0.1>`;
  const [received] = await waitFor(
    'the message',
    () => mail.withId(id),
    (copies) => copies.length > 0,
  );
  expect(received?.recipients).toEqual([email]);
  expect(received?.headers).toContain('From: The Shop <orders@shop.example>');
  expect(received?.text).toContain(order.order_url);
  for (const path of ['/outbox', '/outbox/1']) {
    expect((await ask(shop.shopUrl + path, undefined, { method: 'GET' })).status).toBe(404);
  }
});

test('a message that fails every attempt is listed with its reason, and an operator retries it', async () => {
  mail.reset();
  mail.otherwise = 'busy';
  const order = await placePaidOrder(shop, { email });
  const [item] = await waitFor(
    'the attention item of the message',
    () => attentionItems(shop, order),
    (list) => list.length > 0,
  );
  expect(item).toMatchObject({ kind: 'email_failed' });
  expect(item).toMatchObject({ reason: 'email_not_sent', detail: { attempts: 2 } });
  expect(mail.tries).toBe(2);

  mail.otherwise = 'none';
  const { status } = await ask(`${shop.shopUrl}/attention/${item?.attention_id}/retry`);
  expect(status).toBe(200);
  await waitFor(
    'the message',
    () => mail.received.length,
    (count) => count === 1,
  );
  expect(await attentionItems(shop, order)).toEqual([]);
});

describe('unpaid orders', () => {
  const cancelled = async (address: string): Promise<number> => {
    const order = await placeOrder(shop, { email: address });
    await ask(`${order.order_url}/cancel`, undefined, { headers: { origin: shop.shopUrl } });
    await becomes(shop, order, { status: 'cancelled' });
    return order.order_id;
  };
  const manyCancelled = (address: string) =>
    Promise.all(Array.from({ length: 12 }, () => cancelled(address)));

  /** The messages that one address gets, once all that are planned are sent. */
  async function messagesTo(address: string): Promise<string[]> {
    await waitFor(
      'every planned message',
      () => shop.database('emails').whereNull('sent_at'),
      (unsent) => unsent.length === 0,
    );
    const isTo = (recipient: string) => recipient.toLowerCase() === address;
    const received = mail.received.filter(({ recipients }) => recipients.some(isTo));
    return received.flatMap(({ headers }) => headers.filter((line) => line.startsWith('Message-ID')));
  }

  test('send nothing to an address that has never paid here', async () => {
    const victim = 'victim@reader.example';
    await manyCancelled(victim);
    expect(await messagesTo(victim)).toEqual([]);
  });

  test('send three messages a day to one that has, in whatever case it is written, and all about its payments', async () => {
    const regular = 'regular@reader.example';
    const paid = await placePaidOrder(shop, { email: regular });
    await Promise.all([manyCancelled(regular), manyCancelled(regular.toUpperCase())]);
    // Other names of the same mailbox, for some mail servers, have never paid.
    for (const alias of ['regular+1@reader.example', 're.gular@reader.example']) {
      await cancelled(alias);
      expect(await messagesTo(alias)).toEqual([]);
    }
    const again = await placePaidOrder(shop, { email: regular });
    await refund(shop, paid);
    await becomes(shop, paid, { status: 'refunded' });
    const messages = await messagesTo(regular);
    expect(messages.filter((id) => id.includes('order_cancelled'))).toHaveLength(3);
    expect(messages.filter((id) => id.includes('order_confirmed'))).toHaveLength(2);
    expect(messages.filter((id) => id.includes('refund_made'))).toHaveLength(1);
    expect(messages.join()).toContain(`<email-${again.order_id}-order_confirmed@`);

    const aDayAgo = shop.database.raw(`now() - interval '25 hours'`);
    await shop.database('orders').where({ status: 'cancelled' }).update({ cancelled_at: aDayAgo });
    const id = await cancelled(regular);
    expect((await messagesTo(regular)).join()).toContain(`<email-${id}-order_cancelled@`);
  });
});

test.each([
  'ada@reader.example\r\nBcc: eve@evil.example',
  'ada@reader.example, eve@evil.example',
  'Ada <a@b.example>',
])('an order with the address %j is refused', async (address) => {
  const { status, body } = await ask(`${shop.shopUrl}/checkout`, {
    items: [{ sku: 'shackle', qty: 1 }],
    email: address,
  });
  expect([status, body['code']]).toEqual([400, 'invalid_input']);
});
