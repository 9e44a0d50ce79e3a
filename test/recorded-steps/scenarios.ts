import { correlationTokenOf } from '../../src/domain/order.ts';
import type { ProviderAnswer, ProviderCall } from '../support/fake-provider.ts';
import { ask, postSigned } from '../support/orders.ts';
import type { TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// Orders of which releases keep the recorded steps. The name of a scenario is the checkout key.

export const scenarioNames = [
  'paid',
  'ended',
  'expired',
  'cancelled',
  'confirmed',
  'refused',
  'refunded',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

const cents = 450;

const sessionOf = (orderId: string) => ({
  id: `cs_${orderId}`,
  object: 'checkout.session',
  client_reference_id: orderId,
  amount_total: cents,
  currency: 'usd',
  status: 'open',
  payment_status: 'unpaid',
  payment_intent: null as string | null,
  url: 'https://pay.example/',
  created: 1,
  livemode: false,
});

const paidSessionOf = (orderId: string) => ({
  ...sessionOf(orderId),
  status: 'complete',
  payment_status: 'paid',
  payment_intent: `pi_${orderId}`,
});

/** Orders that were paid although no event says so. */
const paidInSecret = new Set<string>();

/** The provider's answer. It remembers nothing but secret payments, so it also fits orders of an earlier run. */
export function answer({ method, path, form }: ProviderCall): ProviderAnswer {
  const orderId = /cs_(\d+)/.exec(path)?.[1] ?? form.get('client_reference_id') ?? '0';
  if (path.startsWith('/v1/refunds')) {
    if (method === 'GET') return { body: { object: 'list', data: [], has_more: false } };
    const id = `re_${form.get('metadata[refund_id]')}`;
    return { body: { id, object: 'refund', amount: Number(form.get('amount')), status: 'succeeded' } };
  }
  if (path.endsWith('/expire')) return { body: { ...sessionOf(orderId), status: 'expired' } };
  if (paidInSecret.has(orderId)) return { body: paidSessionOf(orderId) };
  if (path.includes('/cs_')) return { body: sessionOf(orderId) };
  if (method === 'GET') return { body: { object: 'list', data: [], has_more: false } };
  if (form.get('customer_email')?.startsWith('refused')) {
    return {
      status: 400,
      body: { error: { type: 'invalid_request_error', code: 'amount_too_small', message: 'No.' } },
    };
  }
  return { body: sessionOf(orderId) };
}

interface Order {
  readonly order_id: number;
  readonly token: string;
  readonly status: string;
}

/** The order, once its payment session is recorded. */
async function opened(shop: TestShop, key: string): Promise<Order> {
  const order = await waitFor(
    `the session of ${key}`,
    () =>
      shop
        .database('orders')
        .join('payments', 'payments.order_id', 'orders.order_id')
        .where({ checkout_key: key })
        .first<(Order & { state: string }) | undefined>('orders.order_id', 'token', 'status', 'state'),
    (found) => found !== undefined && found.state !== 'creating',
  );
  if (!order) throw new Error(`There is no order ${key}.`);
  return order;
}

async function postEvent(shop: TestShop, order: Order, type: string, session: object): Promise<void> {
  const metadata = { order_id: String(order.order_id), correlation_token: correlationTokenOf(order.token) };
  const id = `evt_${order.order_id}`;
  await postSigned(shop, {
    id,
    type,
    created: 1,
    livemode: false,
    data: { object: { ...session, metadata } },
  });
}

async function pay(shop: TestShop, key: string): Promise<Order> {
  const order = await opened(shop, key);
  await postEvent(shop, order, 'checkout.session.completed', paidSessionOf(String(order.order_id)));
  return order;
}

async function expire(shop: TestShop, { order_id: orderId }: Order): Promise<void> {
  await shop
    .database('orders')
    .where({ order_id: orderId, status: 'pending' })
    .update({ hold_expires_at: new Date() });
}

/** The part of others in each scenario. Each may be repeated, and changes nothing then. */
export const actions: Readonly<Record<ScenarioName, (shop: TestShop, key: string) => Promise<unknown>>> = {
  paid: pay,
  ended: async (shop, key) => {
    const order = await opened(shop, key);
    const session = { ...sessionOf(String(order.order_id)), status: 'expired' };
    await postEvent(shop, order, 'checkout.session.expired', session);
  },
  expired: async (shop, key) => expire(shop, await opened(shop, key)),
  cancelled: async (shop, key) => {
    const { token } = await opened(shop, key);
    await ask(`${shop.shopUrl}/orders/${token}/cancel`, undefined, { headers: { origin: shop.shopUrl } });
  },
  confirmed: async (shop, key) => {
    const order = await opened(shop, key);
    paidInSecret.add(String(order.order_id));
    await expire(shop, order);
  },
  refused: () => Promise.resolve(),
  refunded: async (shop, key) => {
    const { order_id: orderId } = await pay(shop, key);
    await waitFor(
      'the dispatch',
      () => shop.database('orders').where({ order_id: orderId }).first<Order>(),
      ({ status }) => status === 'dispatched' || status === 'refunded',
    );
    await ask(
      `${shop.shopUrl}/order/${orderId}/refund`,
      { reason: 'broken' },
      { headers: { 'idempotency-key': 'refund' } },
    );
  },
};
