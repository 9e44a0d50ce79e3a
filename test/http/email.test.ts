import { afterAll, beforeAll, expect, test } from 'vitest';
import { MailServer } from '../support/mail-server.ts';
import { ask, attentionItems, placePaidOrder } from '../support/orders.ts';
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
