import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  longestReturnReason,
  mostCorrections,
  mostResends,
  mostReturnRequests,
} from '../../src/domain/limits.ts';
import { eraseDuePersonalData } from '../../src/workflows/personal-data.ts';
import { readPage, sendForm } from '../support/forms.ts';
import { MailServer } from '../support/mail-server.ts';
import {
  ask,
  attentionItems,
  becomes,
  hurryDispatch,
  placeOrder,
  placePaidOrder,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { typedDelivery } from '../support/page-orders.ts';
import { everyRefundMade, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The page of an order's messages and requests, for whoever has its address.

let shop: TestShop;
let mail: MailServer;

beforeAll(async () => {
  mail = new MailServer();
  shop = await startTestShop({
    SMTP_URL: await mail.start(),
    EMAIL_FROM: 'The Shop <orders@shop.example>',
    EMAIL_RETRIES: '0',
    DISPATCH_SECONDS: '600',
    REFUND_RETRY_SECONDS: '0.1',
    HOLD_LIMITS: 'loose',
    TRUST_PROXY: '1',
  });
});

afterAll(async () => {
  await shop.close();
  await mail.close();
});

let networks = 0;
const pathOf = (order: TestOrder) => new URL(order.order_url).pathname;

/** Sends a form from a network of its own, because one network may send only some a minute. */
function send(order: TestOrder, fields: Readonly<Record<string, string>>) {
  networks += 1;
  const from = { 'x-forwarded-for': `192.0.2.${networks % 250}` };
  return sendForm(shop, `${pathOf(order)}/contact`, fields, from);
}

/** Sends a form. @returns the result that the page shows */
async function outcome(order: TestOrder, fields: Readonly<Record<string, string>>): Promise<string> {
  const { status, location, html } = await send(order, fields);
  if (status !== 303) throw new Error(`${status}: ${html}`);
  return location?.replace(`${pathOf(order)}/contact?done=`, '') ?? '';
}

const correct = (order: TestOrder, email: string) => outcome(order, { act: 'correct', email });
const resend = (order: TestOrder) => outcome(order, { act: 'resend' });
const request = (order: TestOrder, reason = 'Too small') => outcome(order, { act: 'ask', reason });

async function read(order: TestOrder, path = ''): Promise<string> {
  const answer = await fetch(order.order_url + path, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(200);
  return answer.text();
}

const rowOf = ({ order_id: id }: TestOrder) => shop.database('orders').where({ order_id: id }).first();
const historyOf = ({ order_id: id }: TestOrder, what: string) =>
  shop.database('order_history').where({ order_id: id, what });
const emailsOf = ({ order_id: id }: TestOrder) =>
  shop.database('emails').where({ order_id: id }).orderBy('email_id');

/** Waits until every message about an order has arrived. @returns their recipients and ids */
async function received(order: TestOrder): Promise<string[]> {
  await waitFor(
    'the messages of the order',
    () => emailsOf(order),
    (rows) => rows.length > 0 && rows.every((row) => row.sent_at !== null),
  );
  return mail.received.flatMap(({ recipients, headers }) => {
    const id = headers.find((line) => line.includes(`<email-${order.order_id}-`));
    return id === undefined ? [] : [`${recipients.join()} ${/-(order_\w+(-copy\d)?)@/.exec(id)?.[1]}`];
  });
}

/** Makes the entries of an order's history older. */
async function earlier(order: TestOrder): Promise<void> {
  const at = shop.database.raw(`at - interval '2 minutes'`);
  await shop.database('order_history').where({ order_id: order.order_id }).update({ at });
}

async function dispatched(order: TestOrder): Promise<TestOrder> {
  await hurryDispatch(shop, order);
  await becomes(shop, order, { status: 'dispatched' });
  return order;
}

describe('the e-mail address', () => {
  test('of a pending and a paid order is shown and corrected, and the next message goes there', async () => {
    const order = await placeOrder(shop, { email: 'ada@gmial.example' });
    expect(await read(order)).toContain('<bdi>ada@gmial.example</bdi>');
    expect(await correct(order, ' ada@GMAIL.example ')).toBe('corrected');
    expect(await read(order, '/contact?done=corrected')).toContain('The address is corrected');
    await ask(`${shop.shopUrl}/payment_webhook/${order.payment_id}/paid`);
    await becomes(shop, order, { status: 'paid' });
    expect(await received(order)).toEqual(['ada@gmail.example order_confirmed']);
    expect(await correct(order, 'ada@office.example')).toBe('corrected');
    expect(await resend(order)).toBe('resent');
    expect(await received(order)).toEqual([
      'ada@gmail.example order_confirmed',
      'ada@office.example order_confirmed-copy1',
    ]);
    const history = await historyOf(order, 'email_corrected');
    expect(history.map(({ detail }) => detail)).toEqual([{}, {}]);
  });

  test('is corrected a few times, and a repetition does not count', async () => {
    const order = await placeOrder(shop, { email: 'a0@reader.example' });
    for (let times = 1; times <= mostCorrections; times += 1) {
      for (let again = 0; again < 2; again += 1) {
        expect(await correct(order, `a${times}@reader.example`)).toBe('corrected');
      }
    }
    expect(await correct(order, 'more@reader.example')).toBe('corrected_too_often');
    expect((await rowOf(order)).email).toBe(`a${mostCorrections}@reader.example`);
  });

  test('is corrected a few times by forms that are sent at once', async () => {
    const order = await placeOrder(shop, { email: 'b0@reader.example' });
    const answers = await Promise.all(
      Array.from({ length: mostCorrections + 3 }, (_, index) =>
        correct(order, `b${index + 1}@reader.example`),
      ),
    );
    expect(answers.filter((answer) => answer === 'corrected')).toHaveLength(mostCorrections);
    expect(await historyOf(order, 'email_corrected')).toHaveLength(mostCorrections);
  });

  test('of the placement goes on counting for what its client holds', async () => {
    const order = await placeOrder(shop, { email: 'holder@reader.example' });
    const holders = () => shop.database('holders').where({ order_id: order.order_id }).orderBy('client_hash');
    const before = await holders();
    expect(before).not.toEqual([]);
    await correct(order, 'another@reader.example');
    expect(await holders()).toEqual(before);
  });

  test.each(['cancelled', 'erased', 'marked for erasure'])('of an order that is %s stays', async (state) => {
    const order = await placeOrder(shop, { email: 'gone@reader.example' });
    if (state === 'cancelled') {
      await ask(`${order.order_url}/cancel`, undefined, { headers: { origin: shop.shopUrl } });
      await becomes(shop, order, { status: 'cancelled' });
    } else {
      const change = state === 'erased' ? { email: null } : { erase_asked_at: shop.database.fn.now() };
      await shop.database('orders').where({ order_id: order.order_id }).update(change);
    }
    const { email } = await rowOf(order);
    expect(await correct(order, 'new@reader.example')).toBe('not_now');
    expect(await resend(order)).toBe('not_now');
    expect((await rowOf(order)).email).toBe(email);
  });

  test.each([
    '',
    'ada',
    '<script>alert(1)</script>@reader.example',
    `${'x'.repeat(300)}@reader.example`,
    'ada\u202E@reader.example',
    'ada@reader.example\r\nBcc: eve@evil.example',
  ])('is not corrected to %j', async (email) => {
    const order = await placeOrder(shop, { email: 'ada@reader.example' });
    const { status, html } = await send(order, { act: 'correct', email });
    expect(status).toBe(400);
    expect(html).toContain('id="email-error"');
    expect(html).not.toContain('<script>alert');
    expect((await rowOf(order)).email).toBe('ada@reader.example');
  });
});

describe('the last message', () => {
  test('is sent again a few times, a minute apart', async () => {
    const order = await placePaidOrder(shop, { email: 'again@reader.example' });
    await received(order);
    for (let times = 1; times <= mostResends; times += 1) {
      await earlier(order);
      expect(await resend(order)).toBe('resent');
      expect(await resend(order)).toBe('too_soon');
      await received(order);
    }
    await earlier(order);
    expect(await resend(order)).toBe('resent_too_often');
    expect(await received(order)).toHaveLength(1 + mostResends);
  });

  test('of an order that waits for its payment does not exist', async () => {
    expect(await resend(await placeOrder(shop, { email: 'early@reader.example' }))).toBe('nothing');
  });

  test('that the mail server refused goes to the corrected address, and leaves the attention list', async () => {
    mail.otherwise = 'busy';
    const order = await placePaidOrder(shop, { email: 'wrong@reader.example' });
    await waitFor(
      'the message to be on the list',
      () => attentionItems(shop, order),
      (items) => items.length === 1,
    );
    mail.otherwise = 'none';
    await correct(order, 'right@reader.example');
    expect(await resend(order)).toBe('resent');
    expect(await received(order)).toEqual(['right@reader.example order_confirmed']);
    expect(await attentionItems(shop, order)).toEqual([]);
  });
});

describe('a request', () => {
  const items = async (order: TestOrder) =>
    (await attentionItems(shop, order)).map(({ kind, reason }) => `${kind} ${reason}`);

  test('to cancel a paid order waits for the operator, who answers it', async () => {
    const order = await placePaidOrder(shop, { email: 'ada@reader.example' });
    expect(await read(order)).toContain('Ask to cancel the order');
    expect(await request(order, 'Ordered\r\ntwice')).toBe('asked');
    expect(await items(order)).toEqual(['return_asked cancellation_asked']);
    expect(await request(order, 'Please')).toBe('open');
    const html = await read(order);
    expect(html).toContain('You asked to cancel this order. The shop will answer here');
    expect(html).not.toContain('twice');
    const operator = await (await fetch(`${shop.shopUrl}/operator`)).text();
    expect(operator).toContain('The buyer wants to cancel the order: “Ordered twice”');
    const [, link = ''] = /href="(\/operator\?order=\d+)#refund"/.exec(operator) ?? [];
    const form = await (await fetch(shop.shopUrl + link)).text();
    expect(form).toMatch(new RegExp(`name="order" value="${order.order_id}"`));
    expect(form).toContain('value="cancelled as you asked"');

    const [item] = await attentionItems(shop, order);
    const resolution = 'It has left <b>already</b>.';
    const resolved = await ask(`${shop.shopUrl}/attention/${item?.attention_id}/resolve`, { resolution });
    expect(resolved.status).toBe(200);
    expect(await read(order)).toContain('“It has left &lt;b&gt;already&lt;/b&gt;.”');
    expect(await request(order)).toBe('asked');
  });

  test('to cancel an order that is dispatched meanwhile stays one to cancel', async () => {
    const order = await placePaidOrder(shop);
    expect(await request(order)).toBe('asked');
    await dispatched(order);
    const html = await read(order);
    expect(html).toContain('it was ready before the shop answered');
    expect(html).not.toMatch(/until then|Ask to cancel/);
    const form = await readPage(shop, `/operator?order=${order.order_id}`);
    expect(form).toContain('value="cancelled as you asked"');
  });

  test('to return a dispatched order is answered by the refund', async () => {
    const order = await dispatched(await placePaidOrder(shop, { email: 'ada@reader.example' }));
    expect(await request(order)).toBe('asked');
    expect(await items(order)).toEqual(['return_asked return_asked']);
    const form = await readPage(shop, `/operator?order=${order.order_id}`);
    expect(form).toContain('value="returned as you asked"');
    await refund(shop, order, {});
    await becomes(shop, order, { status: 'refunded' });
    expect(await items(order)).toEqual([]);
    expect(await read(order)).not.toContain('You asked to return this order. The shop will answer');
    expect(await request(order)).toBe('not_now');
  });

  test('is answered by a refund that was promised after it, not by one before', async () => {
    const order = await placePaidOrder(shop);
    await setFaults(shop, order, { api_error_before: 1 });
    await refund(shop, order, { amount: 100 });
    expect(await request(order)).toBe('asked');
    await setFaults(shop, order, {});
    await everyRefundMade(shop);
    expect(await items(order)).toEqual(['return_asked cancellation_asked']);
    await refund(shop, order, { amount: 100 });
    await everyRefundMade(shop);
    expect(await items(order)).toEqual([]);
  });

  test('is answered by a refund of units that cost nothing, and none follows while nothing is sent', async () => {
    await shop.database('discount_codes').insert({ code: 'FREE', percent: 100 });
    const { delivery: _express, ...address } = typedDelivery;
    const order = await placePaidOrder(shop, {
      delivery: { method: 'express', address },
      discount_code: 'FREE',
    });
    expect(await request(order)).toBe('asked');
    await refund(shop, order, { lines: [{ sku: 'shackle', qty: 1 }] });
    expect(await items(order)).toEqual([]);
    const page = await read(order);
    expect(page).toContain('Nothing of this order will be sent.');
    expect(page).not.toMatch(/Ask to return it|was dispatched before/);
    expect(await request(order)).toBe('not_now');
  });

  test('is open once, however many are sent at once, and made a few times', async () => {
    const order = await placePaidOrder(shop);
    for (let times = 1; times <= mostReturnRequests; times += 1) {
      const answers = await Promise.all([request(order), request(order), request(order)]);
      expect(answers.toSorted()).toEqual(['asked', 'open', 'open']);
      const [item] = await attentionItems(shop, order);
      await ask(`${shop.shopUrl}/attention/${item?.attention_id}/resolve`, { resolution: 'No.' });
    }
    expect(await request(order)).toBe('asked_too_often');
    expect(await items(order)).toEqual([]);
  });

  test('about an order that is not paid changes nothing', async () => {
    const order = await placeOrder(shop);
    expect(await request(order)).toBe('not_now');
    expect(await items(order)).toEqual([]);
  });

  test.each(['', ' \r\n ', 'x'.repeat(longestReturnReason + 1)])(
    'with the reason %j is refused',
    async (reason) => {
      const order = await placePaidOrder(shop);
      const { status, html } = await send(order, { act: 'ask', reason });
      expect(status).toBe(400);
      expect(html).toContain('id="reason-error"');
      expect(await items(order)).toEqual([]);
    },
  );

  test.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['x'.repeat(300), 'x'.repeat(300)],
    ['\u202Eevil\u2066 text\u0000', 'evil text'],
    ['לא מתאים', 'לא מתאים'],
  ])('with the reason %j is shown to the operator as a part of its sentence', async (reason, shown) => {
    const order = await placePaidOrder(shop);
    expect(await request(order, reason)).toBe('asked');
    const html = await (await fetch(`${shop.shopUrl}/operator?after=${await before(order)}`)).text();
    expect(html).toContain(`“${shown}”`);
    expect(html).not.toContain('<script>alert');
  });

  test('loses its reason together with the personal data of its order', async () => {
    const order = await dispatched(await placePaidOrder(shop, { email: 'old@reader.example' }));
    await request(order, 'Too small for Ada');
    const longAgo = shop.database.raw(`now() - interval '200 days'`);
    await shop.database('orders').where({ order_id: order.order_id }).update({ dispatched_at: longAgo });
    const deleteWorkflows = (ids: string[]) => DBOS.deleteWorkflows(ids);
    await waitFor(
      'its workflows to end, and its erasure',
      () => eraseDuePersonalData(shop.shopDatabase, { personalDataDays: 120, deleteWorkflows }),
      (erased) => erased === 1,
    );
    const item = await shop.database('attention').where({ order_id: order.order_id }).first();
    expect(item.detail).toEqual({ message: '(erased)' });
    expect(await items(order), 'still to be answered').toHaveLength(1);
  });

  /** The number of the item before that of an order, so that the page begins with it. */
  async function before(order: TestOrder): Promise<number> {
    const [item] = await attentionItems(shop, order);
    return (item?.attention_id ?? 2) - 1;
  }
});

test('a guessed address of an order has no page, and takes no form', async () => {
  const guessed = { order_url: `${shop.shopUrl}/orders/${'x'.repeat(22)}` } as TestOrder;
  const page = await fetch(`${guessed.order_url}/contact`, { headers: { accept: 'text/html' } });
  expect(page.status).toBe(404);
  for (const fields of [
    { act: 'correct', email: 'ada@reader.example' },
    { act: 'correct', email: 'wrong' },
    { act: 'resend' },
    { act: 'ask', reason: 'Please' },
  ]) {
    const { status, html } = await send(guessed, fields);
    expect(status).toBe(404);
    expect(html).toContain('There is nothing here.');
  }
  expect((await send(await placeOrder(shop), { act: 'else' })).status).toBe(400);
});
