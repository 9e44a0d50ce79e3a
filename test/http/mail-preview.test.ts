import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, becomes, type placeOrder as Place, placeOrder, placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A demonstration sends no mail: operators read the messages at /outbox.

const operatorToken = 'operator-9c41f7d02be85a36';
const authorization = `Bearer ${operatorToken}`;
const email = 'ada@reader.example';

interface Kept {
  readonly email_id: number;
  readonly order_id: number;
  readonly kind: string;
  readonly to: string;
  readonly subject: string;
  readonly message_id: string;
  readonly text: string;
  readonly html: string;
  readonly sent_at: string;
}

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ OPERATOR_TOKEN: operatorToken, DISPATCH_SECONDS: '0.2' });
});

afterAll(() => shop.close());

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${shop.shopUrl}${path}`, { headers: { authorization, ...headers } });
}

async function outbox(): Promise<Kept[]> {
  const answer = await get('/outbox', { accept: 'application/json' });
  return (await answer.json()) as Kept[];
}

function messageAbout({ order_id: orderId }: { order_id: number }, kind: string): Promise<Kept> {
  return waitFor(
    `${kind} of order ${orderId}`,
    async () => (await outbox()).find((one) => one.order_id === orderId && one.kind === kind)!,
    (message) => message !== undefined,
  );
}

function page(path = '/outbox'): Promise<Response> {
  return get(path, { accept: 'text/html' });
}

describe('an order', () => {
  test('that is paid is confirmed, once', async () => {
    const order = await placePaidOrder(shop, { sku: 'shackle', qty: 2, email });
    const message = await messageAbout(order, 'order_confirmed');
    expect(message).toEqual({
      email_id: expect.any(Number),
      order_id: order.order_id,
      kind: 'order_confirmed',
      to: email,
      subject: `Order ${order.order_id} is confirmed`,
      message_id: `<email-${order.order_id}-order_confirmed@127.0.0.1>`,
      text: expect.stringContaining('2 × '),
      html: expect.stringContaining('<!doctype html>'),
      sent_at: expect.stringMatching(/Z$/),
    });
    for (const part of [message.text, message.html]) expect(part).toContain(order.order_url);
    await becomes(shop, order, { status: 'dispatched' });
    expect((await outbox()).filter(({ order_id }) => order_id === order.order_id)).toHaveLength(1);
  });

  test('of an address that has paid before, when cancelled, gets a message that nothing was charged', async () => {
    await placePaidOrder(shop, { email });
    const order = await placeOrder(shop, { email });
    await ask(`${shop.shopUrl}/payment_webhook/${order.payment_id}/cancelled`);
    const { text } = await messageAbout(order, 'order_cancelled');
    expect(text).toContain('The payment did not come about.');
    expect(text).toContain('Nothing was charged.');
  });

  test('that is refunded in parts gets a message for each, with the reason', async () => {
    const order = await placePaidOrder(shop, { email });
    for (const [amount, reason] of [
      [100, 'a scratch'],
      [undefined, 'sent back <b>whole</b>'],
    ] as const) {
      await ask(
        `${shop.shopUrl}/order/${order.order_id}/refund`,
        { reason, ...(amount && { amount }) },
        { headers: { authorization } },
      );
      await waitFor(
        'the refund',
        () => messageAbout(order, 'refund_made'),
        ({ text }) => text.includes(reason),
      );
    }
    const reports = (await outbox()).filter(
      ({ order_id, kind }) => order_id === order.order_id && kind === 'refund_made',
    );
    expect(reports.map(({ subject }) => subject)).toContain(`$1.00 paid back for order ${order.order_id}`);
    expect(new Set(reports.map(({ message_id: id }) => id)).size).toBe(2);
    expect(reports[0]?.html).not.toContain('<b>whole');
  });

  test('without an e-mail address gets no message', async () => {
    const order = await placePaidOrder(shop);
    const later = await placePaidOrder(shop, { email });
    await messageAbout(later, 'order_confirmed');
    expect((await outbox()).map(({ order_id: id }) => id)).not.toContain(order.order_id);
  });
});

describe('the page', () => {
  test('shows the messages, newest first, with escaped contents', async () => {
    const order = await namedHostile('shackle', () => placePaidOrder(shop, { email }));
    const { email_id: id, text } = await messageAbout(order, 'order_confirmed');
    expect(text).toContain('<script>');
    const answer = await page();
    const html = await answer.text();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(html).toContain(`&lt;email-${order.order_id}-order_confirmed@127.0.0.1&gt;`);
    expect(html).toContain(email);
    expect(html).not.toContain('<script>');
    const shown = [...html.matchAll(/<iframe src="\/outbox\/(\d+)" sandbox /g)].map(([, one]) => Number(one));
    expect(shown[0]).toBe(id);
    expect(shown).toEqual(shown.toSorted((a, b) => b - a));
  });

  test('shows one message without scripts and without remote content', async () => {
    const [newest] = await outbox();
    const answer = await page(`/outbox/${newest?.email_id}`);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
    );
    const html = await answer.text();
    expect(html).toBe(newest?.html);
    expect(html).not.toContain('<script');
  });

  test('shows a hundred messages at most', async () => {
    await shop.database.raw(
      `with placed as (
         insert into orders (checkout_key, request_hash, token, request_id, status, email, subtotal_cents, total_cents, currency,
                             hold_expires_at, paid_at, dispatched_at)
         select 'many-' || n, repeat('0', 64), 'a-token-that-nobody-guesses-' || n, 'request', 'dispatched', '${email}', 0, 0, 'USD',
                now(), now(), now()
         from generate_series(1, 120) as n returning order_id
       )
       insert into emails (order_id, kind, sent_at, subject, text_body, html_body)
       select order_id, 'order_confirmed', now(), 'One of many', '', '' from placed`,
    );
    expect(await outbox()).toHaveLength(100);
  });

  test.each([
    ['/outbox/2000000000', 404],
    ['/outbox/none', 400],
    ['/outbox/-1', 400],
    ['/outbox/9007199254740992', 400],
  ])('%s is %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });
});

test.each(['/outbox', '/outbox/1'])('%s is for operators', async (path) => {
  for (const token of [undefined, 'Bearer wrong-token-wrong-token']) {
    const answer = await fetch(shop.shopUrl + path, { headers: token ? { authorization: token } : {} });
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain('@reader.example');
  }
});

/** Runs an action while a product has a name with markup. */
async function namedHostile(sku: string, act: () => ReturnType<typeof Place>): ReturnType<typeof Place> {
  const [before] = await shop.database('products').where({ sku }).select<{ product: string }[]>('product');
  await shop.database('products').where({ sku }).update({ product: '</pre><script>alert(1)</script>' });
  try {
    const order = await act();
    await messageAbout(order, 'order_confirmed');
    return order;
  } finally {
    await shop.database('products').where({ sku }).update({ product: before?.product });
  }
}
