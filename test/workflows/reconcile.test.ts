import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askProvider } from '../support/edges.ts';
import { expectMoneySettled, moneyOf } from '../support/money.ts';
import {
  type Answer,
  ask,
  attentionItems,
  becomes,
  pay,
  placeOrder,
  placePaidOrder,
  readStatus,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { everyRefundMade } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Due work that does not progress, because a test broke it on purpose (docs/PAYMENTS.md, "Reconciliation").

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '600',
    RECONCILE_SECONDS: '3600',
  });
});

afterAll(async () => {
  await everyRefundMade(shop);
  await expectStockBalanced(shop.database);
  await expectMoneySettled(shop);
  await shop.close();
});

function reconcile(): Promise<Answer> {
  return ask(`${shop.shopUrl}/reconciliation`);
}

interface Reconciliation {
  scope: string;
  runs: number;
  repaired: Record<string, number>;
}

interface Report {
  accounts: { stock: { sku: string; balanced: boolean }[]; money: object[]; contradictions: number };
  reconciliations: Reconciliation[];
}

async function readReport(): Promise<Report> {
  const { body } = await ask(`${shop.shopUrl}/reconciliation`, undefined, { method: 'GET' });
  return body as unknown as Report;
}

/** The repairs of reconciliation in a scope so far. */
async function reportOf(scope: 'shop' | 'provider'): Promise<Reconciliation> {
  const { reconciliations } = await readReport();
  const found = reconciliations.find((one) => one.scope === scope);
  if (!found) throw new Error(`There is no report of ${scope}.`);
  return found;
}

const workflows = () => shop.database('dbos.workflow_status');

/** Makes the hold of an order end long ago, without notifying its broken checkout. */
async function endHold({ order_id: orderId }: TestOrder): Promise<void> {
  await shop
    .database('orders')
    .where({ order_id: orderId })
    .update({ hold_expires_at: shop.database.raw(`now() - interval '1 minute'`) });
}

const breakages = {
  'ended in an error': ({ key }: TestOrder) =>
    workflows()
      .where({ workflow_uuid: `checkout-${key}` })
      .update({ status: 'ERROR' }),
  'is gone': ({ key }: TestOrder) =>
    workflows()
      .where({ workflow_uuid: `checkout-${key}` })
      .delete(),
};

describe.concurrent.each(Object.entries(breakages))(
  'an order whose checkout workflow %s',
  (_how, breakIt) => {
    test('is cancelled after its hold has expired and the session was ended', async () => {
      const order = await placeOrder(shop);
      await breakIt(order);
      await reconcile();
      expect(await readStatus(shop, order)).toMatchObject({ status: 'pending' });
      await endHold(order);
      await reconcile();
      await becomes(shop, order, { status: 'cancelled', state: 'expired' });
      const session = await askProvider(shop, `checkout/sessions/${order.payment_id}`);
      expect(session).toMatchObject({ status: 'expired', payment_status: 'unpaid' });
    });

    test('is paid when it was paid, with an event', async () => {
      const order = await placeOrder(shop);
      await breakIt(order);
      await pay(shop, order);
      await becomes(shop, order, { state: ['paid', 'settled'] });
      await reconcile();
      await becomes(shop, order, { status: 'paid', state: 'settled' });
    });

    test('is paid when it was paid, without any event', async () => {
      const order = await placeOrder(shop);
      await breakIt(order);
      await setFaults(shop, order, { webhook_drop: 1 });
      await pay(shop, order);
      await endHold(order);
      await reconcile();
      await becomes(shop, order, { status: 'paid', state: 'settled' });
      expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [] });
    });

    test('is cancelled when its shopper cancels', async () => {
      const order = await placeOrder(shop);
      await breakIt(order);
      const cancelling = ask(`${order.order_url}/cancel`).then(({ status }) => status, String);
      await endHold(order);
      await reconcile();
      await becomes(shop, order, { status: 'cancelled' });
      expect(await cancelling).toBe(303);
    });
  },
);

describe.concurrent('work that is lost', () => {
  test('a dispatch begins again once it is due', async () => {
    const order = await placePaidOrder(shop);
    await workflows()
      .where({ workflow_uuid: `dispatch-${order.order_id}` })
      .delete();
    await dispatchIsDue(order);
    await reconcile();
    await becomes(shop, order, { status: 'dispatched' });
    expect((await reportOf('shop')).repaired['restarted']).toBeGreaterThan(0);
  });

  test('a refund is made', async () => {
    const order = await placePaidOrder(shop);
    await promiseRefundWithoutWorkflow(order);
    await reconcile();
    await becomes(shop, order, { status: 'paid', refunded: 100 });
    await waitFor(
      'the refund',
      () => moneyOf(shop, order),
      ({ refunds }) => refunds.length > 0,
    );
    expect(await moneyOf(shop, order)).toEqual({ charges: [order.total], refunds: [100] });
  });

  test('and lost repeatedly becomes an attention item, which an operator may retry', async () => {
    const order = await placePaidOrder(shop);
    const id = order.order_id;
    await workflows()
      .where({ workflow_uuid: `dispatch-${id}` })
      .delete();
    await dispatchIsDue(order);
    await shop.database('restarts').insert({ workflow: 'dispatch', id, count: 5 });
    // A run that finds another one at work leaves the work to it.
    const open = await waitFor(
      'the attention item',
      async () => {
        await reconcile();
        return attentionItems(shop, order);
      },
      (items) => items.length > 0,
    );
    expect(open).toMatchObject([{ kind: 'dispatch_failed', subject: String(id) }]);
    expect(await readStatus(shop, order)).toMatchObject({ status: 'paid' });
    await ask(`${shop.shopUrl}/attention/${open[0]?.attention_id}/retry`);
    await becomes(shop, order, { status: 'dispatched' });
    expect(await attentionItems(shop, order)).toEqual([]);
  });
});

async function dispatchIsDue({ order_id: orderId }: TestOrder): Promise<void> {
  await shop
    .database('orders')
    .where({ order_id: orderId })
    .update({ dispatch_due_at: shop.database.raw(`now() - interval '1 minute'`) });
}

async function promiseRefundWithoutWorkflow({ order_id: orderId }: TestOrder): Promise<void> {
  await shop.database('payments').where({ order_id: orderId }).update({ refunded_cents: 100 });
  await shop.database('refunds').insert({
    order_id: orderId,
    amount_cents: 100,
    reason: 'operator',
    note: 'came broken',
    actor: 'operator',
    request_key: `lost-${orderId}`,
    state: 'due',
    created_at: shop.database.raw(`now() - interval '1 minute'`),
  });
}

test('the sums are right, and one that was changed by hand is listed until it is mended', async () => {
  const { accounts } = await readReport();
  expect(accounts.contradictions).toBe(0);
  expect(accounts.stock.every(({ balanced }) => balanced)).toBe(true);
  expect(accounts.money).toMatchObject([{ currency: 'USD' }]);
  const wrong = () => shop.database('attention').where({ kind: 'accounts_wrong' }).orderBy(1);
  expect(await wrong()).toEqual([]);

  await shop.database('stock').where({ product_id: 1 }).increment('available', 1);
  await reconcile();
  await reconcile();
  expect(await wrong()).toMatchObject([
    {
      resolved_at: null,
      reason: 'accounts_wrong',
      detail: { accounts: { stock: expect.arrayContaining([expect.objectContaining({ sku: 'cleat' })]) } },
    },
  ]);

  await shop.database('stock').where({ product_id: 1 }).decrement('available', 1);
  await reconcile();
  expect(await wrong()).toMatchObject([{ resolution: 'accounts_right' }]);
});
