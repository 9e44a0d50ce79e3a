import type { Database } from '../../src/database/connection.ts';
import { waitFor } from '../support/wait.ts';
import type { Act, Plan } from './plan.ts';

/** The shop and the payment service as a buyer meets them. */
export interface Context {
  readonly shopUrl: string;
  readonly paymentUrl: string;
  readonly database: Database;
  /** Sends each request, in the place of `fetch`. */
  readonly send?: (url: string, init: RequestInit) => Promise<Response>;
}

/** How a checkout was answered. */
export interface Answer {
  readonly status: number;
  readonly body: {
    readonly order_id?: number;
    readonly order_url?: string;
    readonly payment_id?: string | null;
    readonly expires_at?: string;
    readonly code?: string;
  };
}

interface Order {
  readonly orderId: number;
  readonly orderUrl: string;
  readonly paymentId: string;
  readonly holdEndsAt: number;
}

/** Sends the order of a plan, and again with the same key until there is an answer. */
export async function placeOrder(context: Context, plan: Plan): Promise<Answer> {
  const asking = Array.from({ length: plan.twice ? 2 : 1 }, () => insist(context, plan));
  const [answer, ...others] = await Promise.all(asking);
  for (const other of others) {
    if (other.body.order_id !== answer?.body.order_id) throw new Error(`Two orders of the key ${plan.key}.`);
  }
  if (!answer) throw new Error('Nothing was asked.');
  return answer;
}

/** The code that a third of the buyers have, with more uses than there are buyers. */
export const discountCode = { code: 'RUN', percent: 10, uses: 1_000_000 };

function insist(context: Context, plan: Plan): Promise<Answer> {
  const discount = plan.number % 3 === 0 ? { discount_code: discountCode.code } : {};
  const body = { items: plan.items, email: `buyer-${plan.number}@example.com`, ...discount };
  return waitFor(
    `an answer to the checkout ${plan.key}`,
    () => post(context, `${context.shopUrl}/checkout/${plan.key}`, body),
    // 202: the order is placed, and its session is still being opened.
    ({ status }) => status < 500 && status !== 202,
  );
}

/** Follows its plan with an order that can be paid. */
export async function act(context: Context, plan: Plan, answer: Answer): Promise<void> {
  const { order_id: orderId, order_url: orderUrl, payment_id: paymentId, expires_at: end } = answer.body;
  if (!orderId || !orderUrl || !paymentId || !end) {
    throw new Error(`The checkout ${plan.key} was answered ${JSON.stringify(answer)}.`);
  }
  await actions[plan.act](context, { orderId, orderUrl, paymentId, holdEndsAt: Date.parse(end) }, plan);
}

type Action = (context: Context, order: Order, plan: Plan) => Promise<unknown>;

const actions: Readonly<Record<Act, Action>> = {
  pay: submit,
  'decline, then pay': async (context, order) => {
    await payByCard(context, order, '4000000000000002');
    await payByCard(context, order, '4242424242424242');
  },
  'pay twice': (context, order) => Promise.all([submit(context, order), submit(context, order)]),
  'pay at the end of the hold': async (context, order, { chance }) => {
    await waitFor(
      'the end of the hold',
      () => Date.now(),
      (now) => now >= order.holdEndsAt - 200 + 600 * chance,
    );
    await submit(context, order);
  },
  'pay too late': async (context, order) => {
    await leftPending(context, order);
    await control(context, order, 'late_payment');
  },
  'bank transfer arrives': (context, order) =>
    control(context, order, 'complete_unpaid', { outcome: 'succeeded' }),
  'bank transfer fails': (context, order) =>
    control(context, order, 'complete_unpaid', { outcome: 'failed' }),
  'cancel at the provider': (context, order) =>
    post(context, `${context.paymentUrl}/api/cancel_payment`, { session_id: order.paymentId }),
  'cancel at the shop': cancel,
  'pay while cancelling': (context, order) => Promise.all([cancel(context, order), submit(context, order)]),
  leave: async () => undefined,
  'refund in full': async (context, order) => {
    await submit(context, order);
    await leftPending(context, order);
    await Promise.all([refund(context, order, 'first'), refund(context, order, 'second')]);
  },
  'refund twice, in parts': async (context, order) => {
    await submit(context, order);
    await leftPending(context, order);
    await Promise.all([refund(context, order, 'first', 100), refund(context, order, 'second', 150)]);
  },
  'refund at the provider': async (context, order, { chance }) => {
    await submit(context, order);
    await control(context, order, 'refund', chance < 0.5 ? {} : { amount: 100 });
  },
  'ship in parcels': async (context, order) => {
    await submit(context, order);
    await leftPending(context, order);
    const [product] = await productsOf(context, order);
    const one = { lines: [{ product_id: product, quantity: 1 }] };
    // The dispatch ships what they leave, or is faster.
    await Promise.all([
      ship(context, order, 'first', one),
      ship(context, order, 'first', one),
      ship(context, order, 'second'),
    ]);
  },
  dispute: async (context, order) => {
    await submit(context, order);
    await control(context, order, 'dispute');
  },
};

function submit(context: Context, order: Order): Promise<Answer> {
  return post(context, `${context.paymentUrl}/api/submit_payment`, { session_id: order.paymentId });
}

async function payByCard(context: Context, order: Order, number: string): Promise<void> {
  await send(context, `${context.paymentUrl}/pay/${order.paymentId}/pay`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ number, expiry: '12 / 40', cvc: '123' }),
  });
}

async function cancel(context: Context, order: Order): Promise<void> {
  await send(context, `${order.orderUrl}/cancel`, { method: 'POST', redirect: 'manual' });
}

/** Something that is done to a session behind the payment service's counter. */
function control(context: Context, order: Order, action: string, body: object = {}): Promise<Answer> {
  return post(context, `${context.paymentUrl}/control/sessions/${order.paymentId}/${action}`, body);
}

function refund(context: Context, order: Order, name: string, amount?: number): Promise<Answer> {
  const reason = amount === undefined ? 'changed their mind' : 'a scratch';
  const body = { reason, ...(amount && { amount }) };
  const key = { 'idempotency-key': `refund-${order.orderId}-${name}` };
  return post(context, `${context.shopUrl}/order/${order.orderId}/refund`, body, key);
}

/** Operators hand over a parcel: what is left of the order, unless `body` names lines. */
function ship(context: Context, order: Order, name: string, body: object = {}): Promise<Answer> {
  const key = { 'idempotency-key': `parcel-${order.orderId}-${name}` };
  return post(context, `${context.shopUrl}/order/${order.orderId}/shipments`, body, key);
}

function productsOf({ database }: Context, { orderId }: Order): Promise<number[]> {
  return waitFor(
    `the lines of order ${orderId}`,
    () => database('order_lines').where({ order_id: orderId }).pluck<number[]>('product_id'),
    (found) => found.length > 0,
  );
}

function leftPending({ database }: Context, { orderId }: Order): Promise<unknown> {
  return waitFor(
    `order ${orderId} to be decided`,
    () => database('orders').where({ order_id: orderId }).first('status'),
    (row) => row?.status !== 'pending',
  );
}

/** Posts JSON once. */
export async function post(
  context: Context,
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await send(context, url, {
    method: 'POST',
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

function send(context: Context, url: string, init: RequestInit): Promise<Response> {
  return (context.send ?? fetch)(url, init);
}
