import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveAttentionItem } from '../../src/database/transactions/resolve-attention-item.ts';
import { inTransaction } from '../../src/shared/statement.ts';
import { moneyOf } from '../support/money.ts';
import {
  type Answer,
  ask,
  attentionItems,
  becomes,
  faultHits,
  hurryDispatch,
  placeOrder,
  placePaidOrder,
  postSigned,
  readStatus,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A refund that was promised is made exactly once, whatever the provider answers; what it refuses is put before a person.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    DISPATCH_SECONDS: '600',
    HOLD_SECONDS: '600',
    PAYMENT_TIMEOUT_SECONDS: '0.5',
  });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

function attention(path: string, body?: object): Promise<Answer> {
  return ask(`${shop.shopUrl}/attention/${path}`, body);
}

async function listed(): Promise<Record<string, unknown>[]> {
  const { body } = await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET' });
  return body as unknown as Record<string, unknown>[];
}

/** An order that an event marked as paid, by a charge that does not exist at the provider. */
async function placeOrderPaidFromNowhere(): Promise<TestOrder> {
  const order = await placeOrder(shop);
  const session = {
    id: order.payment_id,
    client_reference_id: String(order.order_id),
    amount_total: order.total,
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: `pi_nowhere_${order.order_id}`,
  };
  await postSigned(shop, {
    id: `evt_${randomUUID()}`,
    type: 'checkout.session.completed',
    created: 1,
    data: { object: session },
  });
  await becomes(shop, order, { status: 'paid' });
  return order;
}

async function failedRefund(order: TestOrder): Promise<{ attention_id: number; subject: string }> {
  const [item] = await waitFor(
    'the refund to be put before a person',
    () => attentionItems(shop, order),
    (found) => found.length > 0,
  );
  expect(item).toMatchObject({ kind: 'refund_failed', order_id: order.order_id });
  return item as { attention_id: number; subject: string };
}

describe.concurrent('a refund is made exactly once although the provider', () => {
  test.each([
    ['fails before it', 'api_error_before'],
    ['fails after it', 'api_error_after'],
    ['never answers', 'api_timeout'],
    ['loses its answer', 'api_lost'],
    ['answers that there are too many requests', 'api_too_many'],
    ['answers with a page', 'api_html'],
    ['answers with half a line', 'api_garbage'],
  ])('%s', async (_what, fault) => {
    const order = await placePaidOrder(shop);
    await setFaults(shop, order, { [fault]: 1 });
    expect(await refund(shop, order)).toMatchObject({ status: 202, body: { status: 'due' } });
    await waitFor(
      `${fault} to hit`,
      () => faultHits(shop, fault),
      (times) => times > 0,
    );
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'refund_due' });
    await setFaults(shop, order, {});
    await becomes(shop, order, { status: 'refunded', state: 'refunded' });
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [order.total] });
  });
});

describe.concurrent('a refund that the provider refuses', () => {
  test('is listed with the reason, and retried by an operator', async () => {
    const order = await placeOrderPaidFromNowhere();
    const { body } = await refund(shop, order);
    const first = await failedRefund(order);
    expect(await listed()).toContainEqual({
      attention_id: first.attention_id,
      kind: 'refund_failed',
      count: 1,
      subject: String(body['refund_id']),
      order_id: order.order_id,
      reason: expect.stringMatching(`^The provider refuses: .*pi_nowhere_${order.order_id}`),
      reason_code: 'refund_refused',
      detail: { message: expect.any(String) },
      raised_at: expect.any(String),
    });
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'refund_due' });

    expect(await attention(`${first.attention_id}/retry`)).toMatchObject({ status: 200 });
    const second = await failedRefund(order);
    expect(second.attention_id).toBeGreaterThan(first.attention_id);

    // The charge is found after all.
    const other = await placePaidOrder(shop);
    await exchangeCharges(order, other);
    expect(await attention(`${second.attention_id}/retry`)).toMatchObject({ status: 200 });
    await becomes(shop, order, { status: 'refunded', state: 'refunded' });
    expect(await attentionItems(shop, order)).toEqual([]);
  });

  test('is resolved when an operator made it by hand, and is not made once more', async () => {
    const order = await placeOrderPaidFromNowhere();
    await refund(shop, order);
    const { attention_id: id } = await failedRefund(order);
    expect(await attention(`${id}/resolve`, { resolution: 'paid back by bank transfer' })).toMatchObject({
      status: 200,
      body: { resolved: true },
    });
    await becomes(shop, order, { status: 'refunded', state: 'refunded', refunded: order.total });
    expect(await shop.database('attention').where({ attention_id: id }).first()).toMatchObject({
      resolution: 'operator',
      note: 'paid back by bank transfer',
    });
    expect(await shop.database('refunds').where({ order_id: order.order_id })).toMatchObject([
      { state: 'made', provider_refund_id: null },
    ]);
  });
});

/** The item that the fifth try without an answer adds. */
async function listUnconfirmed(order: TestOrder, refundId: unknown): Promise<{ attention_id: number }> {
  const [item] = await shop
    .database('attention')
    .insert({
      kind: 'refund_failed',
      subject: String(refundId),
      order_id: order.order_id,
      reason: 'refund_unconfirmed',
      detail: { error: 'still unknown' },
    })
    .returning<{ attention_id: number }[]>('attention_id');
  if (!item) throw new Error('The item was not inserted.');
  return item;
}

const waitingForLocks = `
  select cast(count(*) as integer) as count from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock' and query like '%payments%'`;

describe.concurrent('a refund that was listed while it was unknown', () => {
  test('is made after all, and is taken off the list', async () => {
    const order = await placePaidOrder(shop);
    await setFaults(shop, order, { api_html: 1 });
    const { body } = await refund(shop, order);
    const { attention_id } = await listUnconfirmed(order, body['refund_id']);
    await setFaults(shop, order, {});
    await becomes(shop, order, { status: 'refunded' });
    expect(await shop.database('attention').where({ attention_id })).toMatchObject([
      { resolution: 'refund_made' },
    ]);
  });

  test('counts as made once an operator has resolved it, and is not asked for any more', async () => {
    const order = await placePaidOrder(shop);
    await setFaults(shop, order, { api_html: 1 });
    const { body } = await refund(shop, order);
    const { attention_id: id } = await listUnconfirmed(order, body['refund_id']);
    expect(await attention(`${id}/resolve`, { resolution: 'paid in cash' })).toMatchObject({ status: 200 });
    expect(await readStatus(shop, order)).toMatchObject({ status: 'refunded', state: 'refunded' });
    await setFaults(shop, order, {});
    await waitFor(
      'the end of its workflow',
      () =>
        shop.database('dbos.workflow_status').where({ workflow_uuid: `refund-${String(body['refund_id'])}` }),
      ([row]) => row.status === 'SUCCESS',
    );
    expect((await moneyOf(shop, order)).refunds).toEqual([]);
    expect(await attentionItems(shop, order)).toEqual([]);
  });

  test('is listed as made twice when a call was under way while an operator resolved it', async () => {
    const order = await placePaidOrder(shop);
    await setFaults(shop, order, { api_html: 1 });
    const { body } = await refund(shop, order);
    const { attention_id: id } = await listUnconfirmed(order, body['refund_id']);
    // The operator's transaction and then that of the workflow wait for this lock, so the call is made before the first commits.
    const lock = await shop.database.transaction();
    const waiting = (count: number) =>
      waitFor(
        `${count} waiting transactions`,
        async () => (await shop.database.raw(waitingForLocks)).rows[0].count,
        (found) => found === count,
      );
    await lock('payments').where({ order_id: order.order_id }).forUpdate().select();
    const item = { attentionId: id, resolution: 'paid in cash' };
    const resolving = inTransaction(shop.shopDatabase, (sql) => resolveAttentionItem(sql, item));
    await waiting(1);
    // Its event would wait for the lock too.
    await setFaults(shop, order, { webhook_drop: 1 });
    await waitFor(
      'the refund at the provider',
      () => moneyOf(shop, order),
      ({ refunds }) => refunds.length === 1,
    );
    await waiting(2);
    await lock.commit();
    expect(await resolving).toBe('done');
    const [listedTwice] = await waitFor(
      'the attention item',
      () => attentionItems(shop, order),
      (found) => found.length > 0,
    );
    expect(listedTwice).toMatchObject({ kind: 'refund_made_twice', reason: 'refund_made_twice' });
    expect(await shop.database('refunds').where({ order_id: order.order_id })).toMatchObject([
      { state: 'made', provider_refund_id: expect.stringMatching(/^re_/) },
    ]);
  });
});

test('an order whose refund is promised and not made yet is not dispatched', async () => {
  const order = await placePaidOrder(shop);
  await setFaults(shop, order, { api_html: 1 });
  await refund(shop, order);
  await hurryDispatch(shop, order);
  await waitFor(
    'the dispatch to be over',
    () => shop.database('dbos.workflow_status').where({ workflow_uuid: `dispatch-${order.order_id}` }),
    ([row]) => row.status === 'SUCCESS',
  );
  expect(await readStatus(shop, order)).toMatchObject({ status: 'paid', state: 'refund_due' });
  await setFaults(shop, order, {});
  await becomes(shop, order, { status: 'refunded' });
});

/** Gives the first order the charge of the second, which keeps an unknown one. */
async function exchangeCharges(order: TestOrder, other: TestOrder): Promise<void> {
  const { transaction_id: charge } = await shop
    .database('payments')
    .where({ order_id: other.order_id })
    .first<{ transaction_id: string }>('transaction_id');
  const give = (to: TestOrder, transactionId: string) =>
    shop.database('payments').where({ order_id: to.order_id }).update({ transaction_id: transactionId });
  await give(other, `pi_gone_${other.order_id}`);
  await give(order, charge);
}
