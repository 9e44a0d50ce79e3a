import { fieldIn, Visitor } from './browser.ts';
import {
  ask,
  attentionItems,
  becomes,
  control,
  hurryDispatch,
  type OpenShop,
  setFaults,
  type TestOrder,
} from './orders.ts';
import { refund } from './refunds.ts';
import { waitFor } from './wait.ts';

// Carts and orders made with the forms of the pages, and their later states.

type Lines = Readonly<Record<string, number>>;

const email = 'ada@reader.example';

/** A visitor with these items in the cart. */
export async function shopperWith(shop: OpenShop, lines: Lines): Promise<Visitor> {
  const visitor = new Visitor(shop.shopUrl);
  for (const [sku, qty] of Object.entries(lines)) {
    const { status } = await visitor.post('/cart/lines', { sku, qty: String(qty) });
    if (status !== 303) throw new Error(`${sku} was not put into the cart: ${status}`);
  }
  return visitor;
}

/** A delivery as it is typed into the review. */
export const typedDelivery = {
  delivery: 'express',
  name: 'Ada Reader',
  line1: '742 Evergreen Terrace',
  postal_code: '97403',
  city: 'Springfield',
  region: 'Oregon',
  country: 'US',
} as const;

/** Orders a visitor's cart through the review, with these fields besides the e-mail address. */
export async function orderOf(
  shop: OpenShop,
  visitor: Visitor,
  typed: Readonly<Record<string, string>> = {},
): Promise<TestOrder> {
  const { text } = await visitor.get('/cart/checkout');
  const key = fieldIn(text, 'key');
  const placed = await visitor.post('/cart/checkout', {
    key,
    fingerprint: fieldIn(text, 'fingerprint'),
    email,
    ...typed,
  });
  if (placed.status !== 303) throw new Error(`The cart was not ordered: ${placed.status}`);
  return orderByKey(shop, key);
}

/** An order of a new visitor. */
export async function buyFor(
  shop: OpenShop,
  lines: Lines,
  typed: Readonly<Record<string, string>> = {},
): Promise<TestOrder> {
  return orderOf(shop, await shopperWith(shop, lines), typed);
}

async function orderByKey({ database, shopUrl }: OpenShop, key: string): Promise<TestOrder> {
  const row = await database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .where('checkout_key', key)
    .first<OrderRow>('orders.order_id', 'token', 'session_id', 'url', 'total_cents');
  return {
    key,
    order_id: row.order_id,
    order_url: `${shopUrl}/orders/${row.token}`,
    payment_id: row.session_id ?? '',
    payment_url: row.url ?? '',
    total: row.total_cents,
  };
}

interface OrderRow {
  readonly order_id: number;
  readonly token: string;
  readonly session_id: string | null;
  readonly url: string | null;
  readonly total_cents: number;
}

type Change = (shop: OpenShop, order: TestOrder) => Promise<TestOrder>;

/** An order of the usual items, with these fields of the review, and its later state. */
export async function place(
  shop: OpenShop,
  change?: Change | null,
  typed: Readonly<Record<string, string>> = {},
): Promise<TestOrder> {
  const order = await buyFor(shop, { cleat: 1, shackle: 2 }, typed);
  return change ? change(shop, order) : order;
}

export const pay: Change = async (shop, order) => {
  await ask(`${shop.shopUrl}/payment_webhook/${order.payment_id}/paid`);
  return until(shop, order, 'paid');
};

export const dispatch: Change = async (shop, order) => {
  await pay(shop, order);
  await hurryDispatch(shop, order);
  return until(shop, order, 'dispatched');
};

/** Paid, and its buyer asks to cancel it. */
export const askToCancel: Change = async (shop, order) => {
  await pay(shop, order);
  const { pathname } = new URL(order.order_url);
  const fields = {
    act: 'ask',
    reason: `Ordered twice, and the other one is right: ${'see '.repeat(60)}there.`,
  };
  const { status } = await new Visitor(shop.shopUrl).post(`${pathname}/contact`, fields);
  if (status !== 303) throw new Error(`Not asked: ${status}`);
  return order;
};

/** Paid so long ago that its dispatch is in the middle. */
export const dispatchHalf: Change = async (shop, order) => {
  await pay(shop, order);
  const { database } = shop;
  const earlier = (...columns: string[]) =>
    Object.fromEntries(columns.map((name) => [name, database.raw(`?? - interval '125 seconds'`, [name])]));
  const isIt = { order_id: order.order_id };
  await database('orders')
    .where(isIt)
    .update(earlier('created_at', 'paid_at', 'dispatch_due_at'));
  await database('order_history').where(isIt).update(earlier('at'));
  return order;
};

/** Paid, and an operator has two working days to ship it. */
export const leaveToOperator: Change = async (shop, order) => {
  await pay(shop, order);
  const its = { order_id: order.order_id };
  const due = shop.database.raw("now() + interval '2 days'");
  await shop.database('orders').where(its).update({ fulfilment: 'manual', dispatch_due_at: due });
  return order;
};

/** An operator has shipped one unit, and the rest waits. */
export const shipOne: Change = async (shop, order) => {
  await leaveToOperator(shop, order);
  const line = await shop.database('order_lines').where({ order_id: order.order_id }).first();
  const { status } = await ask(`${shop.shopUrl}/order/${order.order_id}/shipments`, {
    lines: [{ product_id: line.product_id, quantity: 1 }],
    carrier: 'Parcel Post',
    number: 'PP123456785',
    link: 'https://parcels.example/PP123456785',
  });
  if (status !== 201) throw new Error(`Not shipped: ${status}`);
  return order;
};

export const cancel: Change = async (shop, order) => {
  await ask(`${order.order_url}/cancel`, undefined, { headers: { origin: shop.shopUrl } });
  return until(shop, order, 'cancelled');
};

/** The hold has expired, and the provider does not answer about the payment. */
export const endHold: Change = async (shop, order) => {
  await setFaults(shop, order, { api_error_before: 1 });
  const held = shop.database('orders').where('order_id', order.order_id);
  await held.update({ hold_expires_at: shop.database.fn.now() });
  return order;
};

/** The change of it could not be made, and its payment session has ended. */
export const beginToChange: Change = async (shop, order) => {
  await shop.database('order_history').insert({ order_id: order.order_id, what: 'change_asked' });
  return order;
};

/** An order of a visitor who wants to change it. */
export async function shopperWhoChanges(shop: OpenShop, lines: Lines): Promise<[Visitor, TestOrder]> {
  const visitor = await shopperWith(shop, lines);
  const order = await orderOf(shop, visitor);
  await visitor.post(new URL(`${order.order_url}/change`).pathname, {});
  return [visitor, order];
}

/** An order in whose place there is another one. */
export async function placeChanged(shop: OpenShop): Promise<TestOrder> {
  const [visitor, order] = await shopperWhoChanges(shop, { cleat: 1 });
  await visitor.post('/cart/lines/cleat', { qty: '2' });
  await orderOf(shop, visitor);
  return until(shop, order, 'cancelled');
}

export const expire: Change = async (shop, order) => {
  await endHold(shop, order);
  await setFaults(shop, order, {});
  await ask(`${shop.paymentUrl}/api/cancel_payment`, { session_id: order.payment_id });
  return until(shop, order, 'cancelled');
};

/** Paid back in part, or without an amount all of it. */
export function payBack(body: { amount?: number } = {}): Change {
  return async (shop, order) => {
    await dispatch(shop, order);
    const { status } = await refund(shop, order, body, {});
    if (status !== 202) throw new Error(`Not paid back: ${status}`);
    return order;
  };
}

export const dispute: Change = async (shop, order) => {
  await pay(shop, order);
  await control(shop, order, 'dispute');
  await waitFor(
    'the dispute to be on the list',
    () => attentionItems(shop, order),
    (found) => found.length > 0,
  );
  return order;
};

/** Three bells are in the shop. */
export async function refuse(shop: OpenShop): Promise<TestOrder> {
  const key = `refused-${crypto.randomUUID()}`;
  await ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'bell', qty: 5 }], email });
  return orderByKey(shop, key);
}

async function until(shop: OpenShop, order: TestOrder, status: string): Promise<TestOrder> {
  await becomes(shop, order, { status });
  return order;
}
