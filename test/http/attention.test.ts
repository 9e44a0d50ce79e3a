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
