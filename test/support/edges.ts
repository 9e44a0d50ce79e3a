import { DBOS } from '@dbos-inc/dbos-sdk';
import { expect } from 'vitest';
import type { Edge, Happening } from './edge-table.ts';
import { moneyOf } from './money.ts';
import {
  ask,
  attentionItems,
  becomes,
  control,
  deliverEvent,
  type OpenShop,
  outcomeOfEvent,
  setFaults,
  type TestOrder,
} from './orders.ts';
import { expectStockBalanced } from './promises.ts';
import { secretKey } from './settings.ts';
import { waitFor } from './wait.ts';

/** Asks the provider's API, as its dashboard or another client of the shop's owner would. */
export async function askProvider(
  shop: OpenShop,
  path: string,
  method = 'GET',
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${secretKey}` };
  const { status, body } = await ask(`${shop.paymentUrl}/v1/${path}`, undefined, { method, headers });
  if (status !== 200) throw new Error(`The provider refuses: ${JSON.stringify(body)}`);
  return body;
}

/** The id of the newest event of a type that the provider has about an order, sent or not. */
export async function providerEvent(
  shop: OpenShop,
  { order_id: orderId, payment_id: sessionId }: TestOrder,
  type: string,
): Promise<string> {
  // A dispute names the charge alone.
  const names = [sessionId, `"order_id":"${orderId}"`, ...(await chargesOf(shop, sessionId))];
  const isAbout = (event: unknown) => names.some((name) => JSON.stringify(event).includes(name));
  const event = await waitFor(
    `${type} about order ${orderId}`,
    async () => {
      const { data } = await askProvider(shop, `events?limit=100&type=${type}`);
      return (data as { id: string }[]).find(isAbout);
    },
    (found) => found !== undefined,
  );
  return event?.id ?? '';
}

async function chargesOf(shop: OpenShop, sessionId: string): Promise<string[]> {
  const { body } = await ask(`${shop.paymentUrl}/ledger?limit=1000`, undefined, { method: 'GET' });
  const charges = body['charges'] as { id: string; session_id: string }[];
  return charges.filter((charge) => charge.session_id === sessionId).map(({ id }) => id);
}

/** Has an event sent again, or for the first time, as in the provider's dashboard; its id. */
export async function resend(shop: OpenShop, order: TestOrder, type: string): Promise<string> {
  const eventId = await providerEvent(shop, order, type);
  await ask(`${shop.paymentUrl}/control/events/${eventId}/resend`, {});
  return eventId;
}

/** Keeps the hourly comparison from finding payments that a test hides from the shop. */
export function pauseComparison(): Promise<void> {
  return DBOS.pauseSchedule('compare-with-provider');
}

/** Delivers an event about the session as the provider shows it, with these changes. @returns the event's id */
export async function deliverSessionEvent(
  shop: OpenShop,
  order: TestOrder,
  type: string,
  change: object = {},
): Promise<string> {
  const session = await askProvider(shop, `checkout/sessions/${order.payment_id}`);
  return deliverEvent(shop, type, { ...session, ...change });
}

/** Has an event delivered that a card was declined; its id. */
export function deliverDecline(shop: OpenShop, { order_id: orderId }: TestOrder): Promise<string> {
  return deliverEvent(shop, 'payment_intent.payment_failed', {
    id: `pi_declined_${orderId}`,
    object: 'payment_intent',
    metadata: { order_id: String(orderId) },
  });
}

/** The addresses by which a shopper cancels. */
export const waysToCancel = {
  'on the order’s page': (shop: OpenShop, order: TestOrder) =>
    ask(`${new URL(order.order_url).href}/cancel`, undefined, { headers: { origin: shop.shopUrl } }),
  'by the payment service’s address of the first tutorial': (shop: OpenShop, order: TestOrder) =>
    ask(`${shop.paymentUrl}/api/cancel_payment`, { session_id: order.payment_id }),
  'by the widget store’s address': (shop: OpenShop, order: TestOrder) =>
    ask(`${shop.shopUrl}/payment_webhook/${order.payment_id}/cancelled`),
} as const;

/** Refunds or disputes a payment that is hidden from the shop. @returns the event's id */
export async function afterHiddenPayment(
  shop: OpenShop,
  order: TestOrder,
  happening: 'refunded' | 'dispute',
  stillSilent: Readonly<Record<string, number>> = {},
): Promise<string> {
  await setFaults(shop, order, stillSilent);
  await control(shop, order, happening === 'refunded' ? 'refund' : 'dispute');
  return providerEvent(shop, order, happening === 'refunded' ? 'charge.refunded' : 'charge.dispute.created');
}

/** The outcome of an event. One of its kind that the shop found by asking, about the same order, may be applied in its place. */
async function outcomesLike(shop: OpenShop, order: TestOrder, eventId: string): Promise<(string | null)[]> {
  const own = await outcomeOfEvent(shop, eventId);
  const asked = await shop
    .database('payment_events')
    .where({ order_id: order.order_id, event_id: `asked-${order.payment_id}` })
    .select<{ outcome: string }[]>('outcome');
  return [...(own === undefined ? [] : [own]), ...asked.map(({ outcome }) => outcome)];
}

/** Checks a cell of the table: the event, the order, its payment, the stock, the money, and the attention items. */
export async function expectEdge(
  shop: OpenShop,
  order: TestOrder,
  { edge, happening, eventId }: { edge: Edge; happening: Happening; eventId: string | undefined },
): Promise<void> {
  if (eventId !== undefined) {
    const isKept = edge.outcome === 'too_early' || edge.outcome === 'unknown_order';
    const last = isKept ? 'applied' : edge.outcome;
    const outcomes = await waitFor(
      `the event to be ${last}`,
      () => outcomesLike(shop, order, eventId),
      (found) => !isKept || found.includes(last),
    );
    expect(outcomes).toContain(last);
  }
  await becomes(shop, order, { status: edge.status, state: edge.state });
  await expectStockBalanced(shop.database);
  const { charges, refunds } = await moneyOf(shop, order);
  const isPaid = edge.status === 'paid' || edge.status === 'dispatched';
  const wasPaid = isPaid || edge.status === 'refunded';
  expect(charges).toEqual(wasPaid ? [order.total] : []);
  expect(refunds).toEqual(edge.status === 'refunded' ? [order.total] : []);
  const kinds = (await attentionItems(shop, order)).map(({ kind }) => kind);
  expect(kinds).toEqual(happening === 'dispute' ? ['dispute'] : []);
}
