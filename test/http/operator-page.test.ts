import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAssets } from '../../src/http/assets.ts';
import { admitOperators } from '../../src/http/operators.ts';
import { operatorPageRoutes } from '../../src/http/routes/operator-page.ts';
import { buildServer } from '../../src/http/server.ts';
import { timeLimits } from '../../src/shared/http-server.ts';
import { readPage, sendForm } from '../support/forms.ts';
import { ask, attentionItems, becomes, placeOrder, placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The operator's page and its forms, as a browser without script sends them.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ DISPATCH_SECONDS: '600', HOLD_SECONDS: '600', RECONCILE_SECONDS: '3600' });
});

afterAll(() => shop.close());

const page = (path?: string) => readPage(shop, path);
const send = (path: string, fields?: Readonly<Record<string, string>>, headers?: Record<string, string>) =>
  sendForm(shop, path, fields, headers);

test('the page is not cached, and the demonstration links to it', async () => {
  const answer = await fetch(`${shop.shopUrl}/operator`);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const home = await page('/');
  for (const address of ['/operator', '/outbox', `${shop.paymentUrl}/control`]) {
    expect(home).toContain(`href="${address}"`);
    const target = new URL(address, shop.shopUrl);
    expect((await fetch(target)).status).toBe(200);
  }
});

test.each(['?outcome=<script>', '?outcome=constructor', '?refund=0', '?refund=2000000000', '?refund=x'])(
  'an address that ends in %s shows no message',
  async (query) => {
    const html = await page(`/operator${query}`);
    expect(html).not.toContain('class="notice');
    expect(html).not.toContain('<script>');
  },
);

describe('an attention item', () => {
  /** Adds an attention item about nothing that exists. @returns its number */
  async function raise(item: { kind: string; error?: string; order_id?: number }): Promise<number> {
    const { error = 'gone wrong', ...columns } = item;
    const subject = String(2_000_000_000 + Math.floor(Math.random() * 1e8));
    const row = { subject, reason: 'workflow_failed', detail: { error }, ...columns };
    const [raised] = await shop.database('attention').insert(row).returning<{ attention_id: number }[]>('*');
    return raised!.attention_id;
  }

  const open = async (id: number) =>
    (await shop.database('attention').where({ attention_id: id }).whereNull('resolved_at')).length === 1;

  test('links to its order, and shows its reason escaped', async () => {
    const order = await placeOrder(shop);
    const id = await raise({ kind: 'dispute', error: 'disputed <b>so</b>', order_id: order.order_id });
    const html = await page();
    expect(html).toContain(`href="${new URL(order.order_url).pathname}">Order ${order.order_id}</a>`);
    expect(html).toContain('disputed &lt;b&gt;so&lt;/b&gt;');
    const { body } = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET' });
    const listed = (body as unknown as { attention_id: number }[]).find((one) => one.attention_id === id);
    expect(listed).toMatchObject({ reason: 'disputed <b>so</b>', reason_code: 'workflow_failed' });
    expect(listed).not.toHaveProperty('token');
  });

  test.each(['checkout_failed', 'dispatch_failed', 'refund_failed', 'email_failed'])(
    'of kind %s is retried once',
    async (kind) => {
      const id = await raise({ kind });
      expect(await page()).toContain(`action="/operator/attention/${id}/retry"`);
      const retry = () => send(`/operator/attention/${id}/retry`);
      expect(await retry()).toMatchObject({ status: 303, location: '/operator?outcome=retried' });
      expect(await open(id)).toBe(false);
      expect(await retry()).toMatchObject({ status: 303, location: '/operator?outcome=gone' });
      expect(await page('/operator?outcome=gone')).toContain('That item is not open any more');
    },
  );

  test.each(['event_mismatch', 'dispute', 'payment_unknown', 'overdue', 'accounts_wrong'])(
    'of kind %s offers no retry, and refuses one',
    async (kind) => {
      const id = await raise({ kind });
      expect(await page()).not.toContain(`/operator/attention/${id}/retry`);
      expect(await send(`/operator/attention/${id}/retry`)).toMatchObject({ status: 409 });
      expect(await open(id)).toBe(true);
    },
  );

  test('is resolved once, with the typed text', async () => {
    const id = await raise({ kind: 'dispute' });
    const resolve = () => send(`/operator/attention/${id}/resolve`, { resolution: ' won ' });
    expect(await resolve()).toMatchObject({ status: 303, location: '/operator?outcome=resolved' });
    const row = await shop.database('attention').where({ attention_id: id }).first();
    expect(row).toMatchObject({ resolution: 'operator', note: 'won', resolved_at: expect.any(Date) });
    expect(await resolve()).toMatchObject({ status: 303, location: '/operator?outcome=gone' });
  });

  test.each([undefined, '', '   ', 'a\u0007b', 'x'.repeat(201)])(
    'is not resolved by %j, which stays in the form beside its fault',
    async (resolution) => {
      const id = await raise({ kind: 'dispute' });
      const { status, html } = await send(
        `/operator/attention/${id}/resolve`,
        resolution === undefined ? {} : { resolution },
      );
      expect(status).toBe(400);
      const [input] = new RegExp(`<input id="resolution-${id}"[^>]*>`).exec(html) ?? [];
      expect(input).toContain('aria-invalid="true" autofocus');
      expect(input).toContain(`value="${resolution ?? ''}"`);
      expect(html).toContain('Say in 1 to 200 characters');
      expect(await open(id)).toBe(true);
    },
  );

  test.each(['0', 'x', '9007199254740992'])('with the malformed number %s is refused', async (id) => {
    expect((await send(`/operator/attention/${id}/retry`)).status).toBe(400);
    expect((await send(`/operator/attention/${id}/resolve`, { resolution: 'x' })).status).toBe(400);
  });
});

describe('reconciling now', () => {
  const reconcile = () => send('/operator/reconcile');

  test('lists sums that do not balance until they do', async () => {
    await placePaidOrder(shop);
    expect(await reconcile()).toMatchObject({ status: 303, location: '/operator?outcome=reconciled' });
    const right = await page('/operator?outcome=reconciled');
    expect(right).toContain('Balanced');
    expect(right).toContain('No order contradicts its payment.');
    expect(right).toMatch(/<th scope="row">USD<\/th><td class="number">\$[\d,]+\.\d\d</);
    expect(right).not.toContain('Not yet');

    await shop.database('stock').where({ product_id: 1 }).increment('available', 1);
    expect(await page(), 'before the next comparison').toContain('Does not add up');
    await reconcile();
    expect(await page()).toContain('Sums that do not add up');

    await shop.database('stock').where({ product_id: 1 }).decrement('available', 1);
    expect(await page(), 'before the next comparison').not.toContain('Does not add up');
  });

  test('answers when it takes long, and goes on', async () => {
    const runs = async () => {
      const rows = await shop.database('reconciliation').select<{ runs: number }[]>('runs');
      return rows.reduce((sum, row) => sum + row.runs, 0);
    };
    const before = await runs();
    const lock = await shop.database.transaction();
    await lock.raw('lock table reconciliation in exclusive mode');
    const [answer, sent] = await Promise.all([ask(`${shop.shopUrl}/reconciliation`, {}), reconcile()]);
    expect(answer).toEqual({ status: 202, body: { status: 'running' } });
    expect(sent.location).toBe('/operator?outcome=reconciling');
    await lock.rollback();
    expect(await page('/operator?outcome=reconciling')).toContain('is still running');
    await expect.poll(runs).toBeGreaterThan(before);
  });

  test('reports that the comparison failed while the payment service fails', async () => {
    const faults = `${shop.paymentUrl}/control/faults`;
    await ask(faults, { faults: { api_error_before: 1 } }, { method: 'PUT' });
    const sent = await reconcile();
    await ask(faults, undefined, { method: 'DELETE' });
    expect(sent).toMatchObject({ status: 303, location: '/operator?outcome=not_compared' });
    expect(await page('/operator?outcome=not_compared')).toContain('could not be compared with');
    expect((await reconcile()).location).toBe('/operator?outcome=reconciled');
  });
});

test.each(['attention/1/retry', 'attention/1/resolve', 'reconcile', 'refund'])(
  'another site cannot send the form of %s',
  async (path) => {
    const sent = await send(`/operator/${path}`, {}, { origin: 'https://evil.example' });
    expect(sent.status).toBe(403);
  },
);

test('a failed dispatch continues after a retry on the page', async () => {
  const order = await placePaidOrder(shop);
  const id = order.order_id;
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: `dispatch-${id}` })
    .delete();
  await shop.database('orders').where({ order_id: id }).update({ dispatch_due_at: new Date() });
  const item = {
    kind: 'dispatch_failed',
    subject: String(id),
    order_id: id,
    reason: 'restarted_too_often',
    detail: { failures: 6 },
  };
  await shop.database('attention').insert(item);
  const [open] = await attentionItems(shop, order);
  await send(`/operator/attention/${open?.attention_id}/retry`);
  await becomes(shop, order, { status: 'dispatched' });
});

/** The header of a browser that sends a password. */
function basic(password: string): string {
  return `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;
}

test('with an operator token, the page and its forms require it', async () => {
  const operatorToken = 'operator-9c41f7d02be85a36';
  const refuse = () => Promise.reject(new Error('It went through.'));
  const server = await buildServer({
    logLevel: 'silent',
    executorId: 'shop-0',
    assets: readAssets(fileURLToPath(new URL('../../public/assets', import.meta.url))),
    cookieSecrets: ['cookie_test_4e91d07c3ab85f62'],
    trustProxy: 0,
    publicUrl: shop.shopUrl,
    listenUrl: 'http://127.0.0.1:3000',
    paymentOrigin: shop.paymentUrl,
    connectionLimits: { ...timeLimits, connections: 100 },
    onFailure: () => undefined,
    renderProblem: () => Promise.resolve('a page'),
  });
  admitOperators(server, operatorToken);
  await server.register(operatorPageRoutes, {
    database: shop.shopDatabase,
    pages: {
      send: async (reply) => reply.send('the page'),
      sendPart: refuse,
      renderAlone: refuse,
    },
    resolveItem: refuse,
    requestRefund: refuse,
    shipOrder: refuse,
    reconcile: refuse,
    compare: refuse,
  });
  const routes = [
    ['GET', '/operator'],
    ['POST', '/operator/attention/1/retry'],
    ['POST', '/operator/attention/1/resolve'],
    ['POST', '/operator/reconcile'],
    ['POST', '/operator/refund'],
    ['POST', '/operator/shipment'],
  ] as const;
  for (const [index, [method, url]] of routes.entries()) {
    // Too many failures from one address would block it.
    const request = { method, url, remoteAddress: `203.0.113.${index}` };
    for (const headers of [{}, { authorization: 'Bearer operator-0123456789abcdeF' }]) {
      const answer = await server.inject({ ...request, headers });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    for (const authorization of ['Basic', 'Basic !', basic('operator'), basic(`${operatorToken}x`)]) {
      const answer = await server.inject({ ...request, headers: { accept: 'text/html', authorization } });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/);
    }
  }
  const headers = { authorization: `Bearer ${operatorToken}` };
  expect((await server.inject({ url: '/operator', headers })).body).toBe('the page');
  const asBrowser = { authorization: basic(operatorToken) };
  expect((await server.inject({ url: '/operator', headers: asBrowser })).body).toBe('the page');
  await server.close();
});
