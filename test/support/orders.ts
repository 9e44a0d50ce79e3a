import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { webhookSecret } from './settings.ts';
import type { TestShop } from './shop.ts';
import { waitFor } from './wait.ts';

/** A running shop: its addresses and its database. */
export type OpenShop = Omit<TestShop, 'close' | 'server' | 'shopDatabase'>;

/** An order as the shop answered it. */
export interface TestOrder {
  readonly order_id: number;
  readonly order_url: string;
  readonly payment_id: string;
  readonly payment_url: string;
  readonly total: number;
  /** Its checkout key. */
  readonly key: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Asks the shop, or any other address, in JSON. */
export async function ask(
  url: string,
  body?: unknown,
  { method = 'POST', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: isJson ? (JSON.parse(text) as Answer['body']) : { text } };
}

/** Places an order; without `request`, of one shackle. */
export async function placeOrder(
  shop: OpenShop,
  request: {
    sku?: string;
    qty?: number;
    items?: readonly { readonly sku: string; readonly qty: number }[];
    email?: string;
    delivery?: object;
    discount_code?: string;
  } = {},
): Promise<TestOrder> {
  const { sku = 'shackle', qty = 1, items = [{ sku, qty }], ...rest } = request;
  const key = randomUUID();
  const { status, body } = await ask(`${shop.shopUrl}/checkout/${key}`, { items, ...rest });
  if (status !== 201) throw new Error(`The order was not placed: ${status} ${JSON.stringify(body)}`);
  return { ...(body as Omit<TestOrder, 'key'>), key };
}

/** Pays a session with the good card, as the tutorials' shopper does. */
export async function pay(shop: OpenShop, { payment_id: sessionId }: TestOrder): Promise<void> {
  await insist(ask(`${shop.paymentUrl}/api/submit_payment`, { session_id: sessionId }));
}

/** Fills in the hosted payment page with a test card. */
export async function useCard(shop: OpenShop, { payment_id: sessionId }: TestOrder, number: string) {
  await fetch(`${shop.paymentUrl}/pay/${sessionId}/pay`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ number, expiry: '12 / 34', cvc: '123' }),
  });
}

/** An order that is paid, and not dispatched where a dispatch takes long. */
export async function placePaidOrder(
  shop: OpenShop,
  request: Parameters<typeof placeOrder>[1] = {},
): Promise<TestOrder> {
  const order = await placeOrder(shop, request);
  await pay(shop, order);
  await becomes(shop, order, { status: ['paid', 'dispatched'] });
  return order;
}

/** Acts on a session as a person in the provider's dashboard. */
export function control(
  shop: OpenShop,
  { payment_id: sessionId }: TestOrder,
  action: string,
  body: object = {},
): Promise<Answer> {
  return insist(ask(`${shop.paymentUrl}/control/sessions/${sessionId}/${action}`, body));
}

/** Sets the injected faults of a session in place of its former ones; `{}` injects none. */
export async function setFaults(
  shop: OpenShop,
  { payment_id: sessionId }: Pick<TestOrder, 'payment_id'>,
  faults: Readonly<Record<string, number>>,
): Promise<void> {
  const url = `${shop.paymentUrl}/control/sessions/${sessionId}/faults`;
  await insist(ask(url, { faults }, { method: 'PUT' }));
}

/** How often a fault has hit. */
export async function faultHits(shop: OpenShop, fault: string): Promise<number> {
  const { body } = await ask(`${shop.paymentUrl}/control/faults`, undefined, { method: 'GET' });
  return (body['hits'] as Record<string, number>)[fault] ?? 0;
}

/** Has the payment service sign and deliver an event of our making; its id. */
export async function deliverEvent(shop: OpenShop, type: string, object: object): Promise<string> {
  const { body } = await insist(ask(`${shop.paymentUrl}/control/events`, { type, object }));
  return String(body['id']);
}

/** Posts a message to the webhook, signed with a secret of the shop; the status of the answer. */
export async function postSigned(shop: OpenShop, message: object, secret = webhookSecret): Promise<number> {
  const payload = JSON.stringify(message);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  const headers = { 'stripe-signature': signature };
  return (await ask(`${shop.shopUrl}/payment_webhook`, payload, { headers })).status;
}

/** The status of an order and of its payment in our rows. */
export interface StoredStatus {
  readonly status: string;
  readonly reason: string | null;
  readonly state: string;
  readonly refunded: number;
}

export async function readStatus(shop: OpenShop, { order_id: orderId }: TestOrder): Promise<StoredStatus> {
  const row = await shop
    .database('orders')
    .join('payments', 'payments.order_id', 'orders.order_id')
    .where('orders.order_id', orderId)
    .first('status', 'reason', 'state', 'refunded_cents as refunded');
  return row as StoredStatus;
}

/** Waits until an order and its payment have the expected status; several values mean any of them. */
export function becomes(
  shop: OpenShop,
  order: TestOrder,
  expected: { status?: string | string[]; state?: string | string[]; refunded?: number },
): Promise<StoredStatus> {
  const fits = (value: unknown, wanted: unknown) => [wanted].flat().includes(value);
  return waitFor(
    `order ${order.order_id} to be ${JSON.stringify(expected)}`,
    () => readStatus(shop, order),
    (now) =>
      Object.entries(expected).every(([field, wanted]) => fits(now[field as keyof StoredStatus], wanted)),
  );
}

/** Waits until the shop has recorded an event of the provider. @returns its outcome */
export async function outcomeOfEvent(shop: OpenShop, eventId: string): Promise<string> {
  const row = await waitFor(
    `the event ${eventId}`,
    () => shop.database('payment_events').where({ event_id: eventId }).first<{ outcome: string }>(),
    (found) => found !== undefined,
  );
  return row?.outcome ?? '';
}

/** An order's open attention items, oldest first. */
export async function attentionItems(
  shop: OpenShop,
  { order_id: orderId }: TestOrder,
): Promise<{ attention_id: number; kind: string; subject: string; reason: string }[]> {
  return shop.database('attention').where({ order_id: orderId }).whereNull('resolved_at').orderBy(1);
}

/** Lets a dispatch begin that is enqueued for later. */
export async function hurryDispatch(shop: OpenShop, { order_id: orderId }: TestOrder): Promise<void> {
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: `dispatch-${orderId}`, status: 'DELAYED' })
    .update({ delay_until_epoch_ms: 0 });
}

async function insist(answering: Promise<Answer>): Promise<Answer> {
  const answer = await answering;
  if (answer.status < 300) return answer;
  throw new Error(`Refused: ${answer.status} ${JSON.stringify(answer.body)}`);
}
