import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { errorWords } from '../../src/storefront/words.ts';
import { webhookSecret } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Bad input gets a clear error with a stable code, and changes nothing.

const operatorToken = 'operator-9c41f7d02be85a36';
let shop: TestShop;
let paymentId: string;
let before: unknown;

beforeAll(async () => {
  shop = await startTestShop({ OPERATOR_TOKEN: operatorToken });
  const response = await send('POST', '/checkout/known');
  paymentId = response.text;
});

afterAll(() => shop.close());

beforeEach(async () => {
  before = await everything();
});

afterEach(async () => {
  expect(await everything()).toEqual(before);
});

/** Everything that a request could change. */
async function everything(): Promise<unknown> {
  const tables = ['stock', 'supply', 'orders', 'order_lines', 'order_history', 'payments', 'payment_events'];
  return Promise.all(tables.map((table) => shop.database(table).select().orderBy(1)));
}

interface Answer {
  status: number;
  code: string | undefined;
  type: string | null;
  headers: Headers;
  text: string;
}

async function send(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${shop.shopUrl}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type');
  const code = type?.startsWith('application/problem+json')
    ? (JSON.parse(text) as { code: string }).code
    : undefined;
  return { status: response.status, code, type, headers: response.headers, text };
}

function checkout(body: string): Promise<Answer> {
  return send('POST', `/checkout/${randomUUID()}`, body);
}

const items = (...list: unknown[]) => JSON.stringify({ items: list });

describe('a checkout body', () => {
  test.each([
    ['malformed JSON', '{"items":', 'malformed_body'],
    ['a poisoned prototype', '{"__proto__":{"items":[]}}', 'malformed_body'],
    ['a list', '[]', 'invalid_input'],
    ['a string', '"cleat"', 'invalid_input'],
    ['no items', '{}', 'invalid_input'],
    ['an unknown field', '{"items":[{"sku":"cleat","qty":1}],"price":1}', 'invalid_input'],
    ['an empty list', items(), 'invalid_input'],
    ['51 items', items(...Array.from({ length: 51 }, () => ({ sku: 'cleat', qty: 1 }))), 'invalid_input'],
    ['an item without quantity', items({ sku: 'cleat' }), 'invalid_input'],
    ['a quantity of 0', items({ sku: 'cleat', qty: 0 }), 'invalid_input'],
    ['a quantity of -1', items({ sku: 'cleat', qty: -1 }), 'invalid_input'],
    ['a quantity of 1.5', items({ sku: 'cleat', qty: 1.5 }), 'invalid_input'],
    ['a quantity of 10^9', items({ sku: 'cleat', qty: 1_000_000_000 }), 'invalid_input'],
    ['a quantity in words', items({ sku: 'cleat', qty: '1' }), 'invalid_input'],
    [
      'lines that add up to too many',
      items({ sku: 'cleat', qty: 600 }, { sku: 'cleat', qty: 600 }),
      'invalid_input',
    ],
    ['an unknown product', items({ sku: 'anchor', qty: 1 }), 'unknown_product'],
    ['a product code that is none', items({ sku: "' or 1=1", qty: 1 }), 'invalid_input'],
    ['an e-mail that is none', '{"items":[{"sku":"cleat","qty":1}],"email":"somebody"}', 'invalid_input'],
    [
      'an e-mail of 300 letters',
      `{"items":[{"sku":"cleat","qty":1}],"email":"${'a'.repeat(300)}@b.example"}`,
      'invalid_input',
    ],
    ['an amount of 99.99', '{"items":[{"sku":"cleat","qty":1}],"amount":99.99}', 'invalid_input'],
    ['a negative amount', '{"items":[{"sku":"cleat","qty":1}],"amount":-1}', 'invalid_input'],
    ['lists in lists', `{"items":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'malformed_body'],
  ])('with %s is refused', async (_what, body, code) => {
    const answer = await checkout(body);
    expect([answer.status, answer.code]).toEqual([400, code]);
  });

  test('names each field at fault', async () => {
    const answer = await checkout('{"items":[{"sku":"cleat","qty":0},{"sku":"?","qty":1}],"amount":-1}');
    const { issues } = JSON.parse(answer.text) as { issues: { field: string }[] };
    expect(issues.map(({ field }) => field)).toEqual(['items.0.qty', 'items.1.sku', 'amount']);
  });

  test('over the limit is refused', async () => {
    const answer = await checkout(`{"items":[],"email":"${'a'.repeat(70_000)}"}`);
    expect([answer.status, answer.code]).toEqual([413, 'body_too_large']);
  });

  test('of another type is refused', async () => {
    for (const type of ['application/xml', 'text/plain', 'multipart/form-data; boundary=x']) {
      const answer = await send('POST', '/checkout/typed', '<order/>', { 'content-type': type });
      expect([answer.status, answer.code], type).toEqual([415, 'unsupported_media_type']);
    }
  });
});

describe('a body with Content-Encoding', () => {
  test.each(['foo', 'gzip', 'gzip, deflate', ''])('"%s" is refused at every address', async (encoding) => {
    for (const path of ['/checkout/encoded', '/cart/lines', '/payment_webhook', '/restock', '/nowhere']) {
      const answer = await send('POST', path, '{}', { 'content-encoding': encoding });
      expect([answer.status, answer.code], path).toEqual([415, 'unsupported_media_type']);
      expect(answer.headers.get('accept-encoding')).toBe('identity');
    }
  });

  test('identity is read', async () => {
    const answer = await send('POST', '/checkout/known', '[]', { 'content-encoding': 'identity' });
    expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
  });
});

describe('a key', () => {
  test.each(['a'.repeat(201), 'a'.repeat(2000), 'a%20b', 'a%2Fb', 'a:b', '%00', 'schl%C3%BCssel'])(
    '%s is refused',
    async (key) => {
      const answer = await send('POST', `/checkout/${key}`);
      expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
    },
  );
});

describe('an order number', () => {
  test.each(['abc', '1.5', '-1', '0', '9007199254740992', '99999999999999999999', '1%20or%201'])(
    '%s is refused',
    async (id) => {
      const answer = await send('GET', `/order/${id}`);
      expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
    },
  );

  test.each(['2147483647', '2147483648', '9007199254740991'])('%s of no order is not found', async (id) => {
    const answer = await send('GET', `/order/${id}`);
    expect([answer.status, answer.code]).toEqual([404, 'not_found']);
  });

  test('that is malformed does not page through the orders', async () => {
    const answer = await send('GET', '/orders?before=x');
    expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
  });
});

describe('an address', () => {
  test.each([
    ['GET', '/checkout/known', 'POST'],
    ['DELETE', '/order/1', 'GET, HEAD'],
    ['PUT', '/product', 'GET, HEAD'],
    ['GET', '/restock', 'POST'],
    ['GET', '/payment_webhook', 'POST'],
    ['OPTIONS', '/orders', 'GET, HEAD'],
  ])('%s %s is refused with the allowed methods', async (method, path, allowed) => {
    const answer = await send(method, path);
    expect([answer.status, answer.code]).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')?.split(', ').toSorted().join(', ')).toBe(allowed);
  });

  test('that does not exist is not found, for programs and for people', async () => {
    expect(await send('GET', '/nowhere')).toMatchObject({ status: 404, code: 'not_found' });
    const page = await send('GET', '/nowhere', undefined, { accept: 'text/html,*/*;q=0.8' });
    expect([page.status, page.type]).toEqual([404, 'text/html; charset=utf-8']);
    expect(page.text).toContain('<h1>');
  });

  test('of no order reveals nothing about other orders', async () => {
    for (const token of ['A'.repeat(22), '%00', 'a%00b', 'x']) {
      const page = await send('GET', `/orders/${token}`, undefined, { accept: 'text/html' });
      expect(page.status, token).toBe(404);
    }
  });
});

describe('the tutorials’ payment route', () => {
  test('accepts three outcomes, and only known payments', async () => {
    expect(await send('POST', `/payment_webhook/${paymentId}/PAID`)).toMatchObject({
      status: 400,
      code: 'invalid_input',
    });
    expect(await send('POST', '/payment_webhook/%00/paid')).toMatchObject({
      status: 400,
      code: 'invalid_input',
    });
    expect(await send('POST', '/payment_webhook/cs_unknown/paid')).toMatchObject({
      status: 404,
      code: 'not_found',
    });
  });
});

describe('a webhook', () => {
  const event = JSON.stringify({
    id: 'evt_forged',
    object: 'event',
    type: 'checkout.session.completed',
    created: 1,
    data: {
      object: {
        id: 'cs_1',
        client_reference_id: '1',
        amount_total: 9999,
        currency: 'usd',
        payment_status: 'paid',
      },
    },
  });
  const deep = event.replace('"usd"', '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000));
  const sign = (payload: string, secret = webhookSecret, ageSeconds = 0) =>
    Stripe.webhooks.generateTestHeaderString({
      payload,
      secret,
      timestamp: Math.floor(Date.now() / 1000) - ageSeconds,
    });

  test.each([
    ['without a signature', event, undefined, 'bad_signature'],
    ['with a signature by another secret', event, sign(event, 'whsec_somebody_else'), 'bad_signature'],
    ['with the signature of another message', `${event} `, sign(event), 'bad_signature'],
    ['signed 301 seconds ago', event, sign(event, webhookSecret, 301), 'bad_signature'],
    ['signed in the future', event, sign(event, webhookSecret, -400), 'bad_signature'],
    ['with garbage for a signature', event, 't=1,v1=zz', 'bad_signature'],
    ['with nothing in it', '', sign(''), 'malformed_body'],
    ['signed, but not JSON', 'paid!', sign('paid!'), 'malformed_body'],
    ['signed, but no event', '{"paid":true}', sign('{"paid":true}'), 'malformed_body'],
    ['signed, but nested 20,000 levels deep', deep, sign(deep), 'malformed_body'],
  ])('%s is refused', async (_what, body, signature, code) => {
    const headers = signature === undefined ? undefined : { 'stripe-signature': signature };
    const answer = await send('POST', '/payment_webhook', body, headers);
    expect([answer.status, answer.code]).toEqual([400, code]);
  });

  test('over 256 KiB is refused', async () => {
    const huge = JSON.stringify({ text: 'a'.repeat(300_000) });
    const answer = await send('POST', '/payment_webhook', huge, { 'stripe-signature': sign(huge) });
    expect([answer.status, answer.code]).toEqual([413, 'body_too_large']);
  });
});

describe('an operator’s route', () => {
  const authorized = { authorization: `Bearer ${operatorToken}` };

  test.each(['/restock', '/crash_application'])('%s requires the token', async (path) => {
    expect(await send('POST', path)).toMatchObject({ status: 401, code: 'unauthorized' });
    const wrong = { authorization: 'Bearer operator-0123456789abcdeF' };
    expect(await send('POST', path, undefined, wrong)).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  test.each([
    ['quantity 0', { sku: 'cleat', quantity: 0, reason: 'found' }, 'invalid_input'],
    ['a negative quantity', { sku: 'cleat', quantity: -5, reason: 'lost' }, 'invalid_input'],
    ['half a unit', { sku: 'cleat', quantity: 0.5, reason: 'found' }, 'invalid_input'],
    ['a reason with a control character', { sku: 'cleat', quantity: 1, reason: 'a\u0000b' }, 'invalid_input'],
    ['no reason', { sku: 'cleat', quantity: 1 }, 'invalid_input'],
    ['an unknown product', { sku: 'anchor', quantity: 1, reason: 'found' }, 'unknown_product'],
  ])('a delivery with %s is refused', async (_what, delivery, code) => {
    const answer = await send('POST', '/restock', JSON.stringify(delivery), authorized);
    expect([answer.status, answer.code]).toEqual([400, code]);
  });
});

describe('a browser', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test.each<[string, ErrorCode, Parameters<typeof send>]>([
    ['a quantity of 0', 'invalid_input', ['POST', '/cart/lines', 'sku=cleat&qty=0', form]],
    ['a form with nothing in it', 'invalid_input', ['POST', '/cart/lines', '', form]],
    ['an order number that is none', 'invalid_input', ['GET', '/order/99999999999999999']],
    ['half a JSON', 'malformed_body', ['POST', '/checkout/page', '{']],
    ['a product that is not there', 'unknown_product', ['POST', '/cart/lines', 'sku=anchor', form]],
    ['a form of another site', 'cross_site', ['POST', '/cart/lines', '', { ...form, origin: 'null' }]],
    ['an address that takes forms only', 'method_not_allowed', ['GET', '/operator/reconcile']],
    ['too much', 'body_too_large', ['POST', '/cart/lines', `sku=${'a'.repeat(70_000)}`, form]],
    [
      'a body that no page sends',
      'unsupported_media_type',
      ['POST', '/cart/lines', '', { 'content-encoding': 'x' }],
    ],
  ])(
    'that sends %s gets a page with instructions, without validator messages',
    async (_what, code, request) => {
      const [method, path, body, headers] = request;
      const program = await send(...request);
      const page = await send(method, path, body, { ...headers, accept: 'text/html' });
      expect([program.code, page.status, page.type]).toEqual([
        code,
        program.status,
        'text/html; charset=utf-8',
      ]);
      const { title, message } = errorWords[code];
      expect(page.text).toContain(`<h1>${title}</h1>`);
      expect(page.text).toContain(message);
      expect(page.text).not.toContain((JSON.parse(program.text) as { detail: string }).detail);
    },
  );
});

test.each([
  ['is marked as cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['comes from another origin', { origin: 'https://evil.example' }],
  ['comes from another port of this host', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
  ['hides its origin', { origin: 'null' }],
])('a form on a page that %s cannot fill a cart', async (_what, from) => {
  const answer = await send('POST', '/cart/lines', 'sku=cleat&qty=1', {
    'content-type': 'application/x-www-form-urlencoded',
    ...(from as Record<string, string>),
  });
  expect([answer.status, answer.code]).toEqual([403, 'cross_site']);
});

test('a site whose name points at this address reads nothing from a demonstration', async () => {
  const { statusCode, body } = await shop.server.inject({
    url: '/orders',
    headers: { host: 'evil.example' },
  });
  expect([statusCode, JSON.parse(body).code]).toEqual([403, 'cross_site']);
});

test('a path that leaves the assets is not found', async () => {
  const answer = await send('GET', '/assets/%2e%2e/%2e%2e/package.json');
  expect([answer.status, answer.code]).toEqual([404, 'not_found']);
});
