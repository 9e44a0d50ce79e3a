import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  ask,
  attentionItems,
  control,
  placePaidOrder,
  postSigned,
  type TestOrder,
} from '../support/orders.ts';
import { authorized, operatorToken } from '../support/refunds.ts';
import { webhookSecret } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The attention items, and who may read them (docs/PAYMENTS.md).

const newSecret = 'whsec_the_new_one_0123456789';
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    DISPATCH_SECONDS: '600',
    OPERATOR_TOKEN: operatorToken,
    STRIPE_WEBHOOK_SECRET: `${newSecret}, ${webhookSecret}`,
  });
});

afterAll(() => shop.close());

function attention(path: string, body?: object): Promise<Answer> {
  return ask(`${shop.shopUrl}/attention/${path}`, body, { headers: authorized });
}

describe('an attention item', () => {
  let order: TestOrder;
  let id: number;

  beforeAll(async () => {
    order = await placePaidOrder(shop);
    await control(shop, order, 'dispute');
    const [item] = await waitFor(
      'the dispute',
      () => attentionItems(shop, order),
      (found) => found.length > 0,
    );
    id = item?.attention_id ?? 0;
  });

  test('of a dispute is listed with its order', async () => {
    const listed = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET', headers: authorized });
    expect(listed.body).toContainEqual(
      expect.objectContaining({ attention_id: id, kind: 'dispute', order_id: order.order_id }),
    );
  });

  test('without a workflow cannot be retried', async () => {
    const answer = await attention(`${id}/retry`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'not_restartable' } });
  });

  test.each([{}, { resolution: '' }, { resolution: 'a\u0007b' }, { resolution: 'won', by: 'me' }])(
    'is not resolved by %j',
    async (body) => {
      const answer = await attention(`${id}/resolve`, body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    },
  );

  test('is resolved once, and is unknown afterwards', async () => {
    expect(await attention(`${id}/resolve`, { resolution: 'won' })).toMatchObject({ status: 200 });
    expect(await attentionItems(shop, order)).toEqual([]);
    for (const path of [`${id}/resolve`, '2000000000/resolve']) {
      expect(await attention(path, { resolution: 'won' })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    }
    expect(await attention(`${id}/retry`)).toMatchObject({ status: 404 });
  });
});

test('while the webhook secret is rotated, both secrets are accepted and no other', async () => {
  const message = { type: 'customer.created', created: 1, data: { object: {} } };
  expect(await postSigned(shop, { id: 'evt_old', ...message }, webhookSecret)).toBe(200);
  expect(await postSigned(shop, { id: 'evt_new', ...message }, newSecret)).toBe(200);
  expect(await postSigned(shop, { id: 'evt_none', ...message }, 'whsec_another_0123456789')).toBe(400);
});

test.each([
  ['GET', '/attention'],
  ['POST', '/attention/1/retry'],
  ['POST', '/attention/1/resolve'],
  ['GET', '/reconciliation'],
  ['POST', '/reconciliation'],
  ['POST', '/order/1/refund'],
])('%s %s is for operators', async (method, path) => {
  for (const headers of [{}, { authorization: 'Bearer operator-0123456789abcdeF' }]) {
    const answer = await ask(`${shop.shopUrl}${path}`, undefined, { method, headers });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  }
});

describe('the list', () => {
  let order: TestOrder;
  let ids: number[];

  beforeAll(async () => {
    order = await placePaidOrder(shop);
    await shop.database('attention').whereNull('resolved_at').delete();
    const others = Array.from({ length: 205 }, (_one, index) => ({
      kind: 'event_mismatch',
      subject: `order ${2_000_000_000 + index}`,
      reason: 'event_failed',
      detail: { type: 'charge.refunded', eventId: `evt_${index}`, error: 'gone wrong' },
    }));
    const inserted = await shop
      .database('attention')
      .insert(others)
      .returning<{ attention_id: number }[]>('attention_id');
    ids = inserted.map(({ attention_id: id }) => id);
    await control(shop, order, 'dispute');
    await waitFor(
      'the dispute',
      () => attentionItems(shop, order),
      (found) => found.length > 0,
    );
  });

  const list = async (after?: number) => {
    const query = after === undefined ? '' : `?after=${after}`;
    const { body } = await ask(`${shop.shopUrl}/attention${query}`, undefined, {
      method: 'GET',
      headers: authorized,
    });
    return body as unknown as { attention_id: number; kind: string; count: number }[];
  };

  test('has disputes first, and goes on after the last item of a page, also when that was resolved', async () => {
    const first = await list();
    expect(first).toHaveLength(100);
    expect(first[0]).toMatchObject({ kind: 'dispute', order_id: order.order_id, count: 1 });
    const last = first.at(-1)?.attention_id ?? 0;
    await attention(`${last}/resolve`, { resolution: 'done' });
    const second = await list(last);
    const third = await list(second.at(-1)?.attention_id);
    expect([...first.slice(1), ...second, ...third].map(({ attention_id: id }) => id)).toEqual(ids);
    expect(await list(third.at(-1)?.attention_id)).toEqual([]);
    expect(await list(first[0]?.attention_id), 'after the only dispute').toHaveLength(100);
  });

  test.each(['0', 'x', '9007199254740992'])('does not begin after %s', async (after) => {
    const answer = await ask(`${shop.shopUrl}/attention?after=${after}`, undefined, {
      method: 'GET',
      headers: authorized,
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  test('is paged on the operator’s page, and a form there comes back to its page', async () => {
    const read = async (path: string) => {
      const answer = await fetch(shop.shopUrl + path, { headers: authorized });
      return answer.text();
    };
    const first = await read('/operator');
    expect(first.indexOf('A disputed payment')).toBeLessThan(
      first.indexOf('A payment message that does not fit'),
    );
    const next = /href="(\/operator\?after=\d+)">Further items/.exec(first)?.[1] ?? '';
    const second = await read(next);
    expect(second).toContain('Back to the first items');
    const action = /action="(\/operator\/attention\/\d+\/resolve\?after=\d+)"/.exec(second)?.[1] ?? '';
    const send = (resolution: string) =>
      fetch(shop.shopUrl + action, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...authorized, accept: 'text/html' },
        body: new URLSearchParams({ resolution }),
      });
    expect(await (await send('')).text()).toContain('Say in 1 to 200 characters');
    const after = /after=\d+/.exec(action)?.[0];
    expect((await send('done')).headers.get('location')).toBe(`/operator?outcome=resolved&${after}`);
  });
});
