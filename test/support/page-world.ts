import { fieldIn, Visitor } from './browser.ts';
import { ask, becomes, control, hurryDispatch, matters, type OpenShop, type TestOrder } from './orders.ts';
import { everyRefundMade, refund } from './refunds.ts';
import { waitFor } from './wait.ts';

// A shop in which something of everything has happened, so that each page can be looked at in each of its states.

/** Settings under which nothing ends while it is looked at. */
export const settingsToLook = { HOLD_SECONDS: '900', DISPATCH_SECONDS: '120' } as const;

/** Shoppers with a cart or with orders, and orders in every state. */
export interface PageWorld {
  readonly shop: OpenShop;
  readonly shoppers: Readonly<Record<ShopperName, Visitor>>;
  readonly orders: Readonly<Record<OrderName, TestOrder>>;
}

/** Whose cookies a page is looked at with. */
export type ShopperName = 'full' | 'changed' | 'gone' | 'dearer' | 'ordered' | 'many';

/** What has become of an order. */
export type OrderName =
  | 'pending'
  | 'over'
  | 'inDispatch'
  | 'dispatched'
  | 'cancelled'
  | 'expired'
  | 'refused'
  | 'refunded'
  | 'partlyRefunded'
  | 'toPay'
  | 'declinedThere'
  | 'paidThere'
  | 'endedThere';

type Lines = Readonly<Record<string, number>>;

const email = 'ada@reader.example';

/** Lets it all happen, over the shop's own addresses; by SQL only where time would have to pass, and prices change. */
export async function prepareWorld(shop: OpenShop): Promise<PageWorld> {
  const [shoppers, orders] = await Promise.all([prepareShoppers(shop), prepareOrders(shop)]);
  await everyRefundMade(shop);
  await waitFor(
    'the messages about them',
    () => ask(`${shop.shopUrl}/outbox`, undefined, { method: 'GET' }),
    ({ body }) => Array.isArray(body) && body.length >= messagesAtLeast,
  );
  return { shop, shoppers, orders };
}

const messagesAtLeast = 5;

async function prepareShoppers(shop: OpenShop): Promise<PageWorld['shoppers']> {
  const full = { cleat: 2, shackle: 4, block: 1 };
  const [changed, gone] = await Promise.all([
    shopperWith(shop, { turnbuckle: 5, thimble: 12, 'snatch-hook': 2, cleat: 1 }),
    shopperWith(shop, { 'snatch-hook': 1 }),
  ]);
  const ordered = await shopperWith(shop, full);
  const [many] = await Promise.all([
    shopperWithOrders(shop),
    orderOf(shop, ordered),
    // Others buy what those two have in their carts.
    buyFor(shop, { turnbuckle: 28 }),
    buyFor(shop, { 'snatch-hook': 120 }),
    setPrice(shop, 'thimble', 495),
  ]);
  return {
    full: await shopperWith(shop, full),
    changed,
    gone,
    dearer: await shopperWith(shop, { marlinspike: 1, cleat: 1 }),
    ordered,
    many,
  };
}

async function prepareOrders(shop: OpenShop): Promise<PageWorld['orders']> {
  const [unpaid, paid, atPayment] = await Promise.all([
    ordersNotPaid(shop),
    ordersPaid(shop),
    ordersAtPayment(shop),
  ]);
  return { ...unpaid, ...paid, ...atPayment };
}

async function ordersNotPaid(shop: OpenShop) {
  const [pending, over, cancelled, expired, refused] = await Promise.all([
    place(shop),
    place(shop, endHold),
    place(shop, cancel),
    place(shop, expire),
    refuse(shop),
  ]);
  return { pending, over, cancelled, expired, refused };
}

async function ordersPaid(shop: OpenShop) {
  const [inDispatch, dispatched, refunded, partlyRefunded] = await Promise.all([
    place(shop, dispatchHalf),
    place(shop, dispatch),
    place(shop, payBack()),
    place(shop, payBack({ amount: 1890 })),
  ]);
  return { inDispatch, dispatched, refunded, partlyRefunded };
}

/** For the pages of the payment service; what is declined there is declined by hand. */
async function ordersAtPayment(shop: OpenShop) {
  const [toPay, declinedThere, paidThere, endedThere] = await Promise.all([
    place(shop),
    place(shop),
    place(shop, dispute),
    place(shop, cancel),
  ]);
  return { toPay, declinedThere, paidThere, endedThere };
}

/** Somebody with these things in the cart. */
async function shopperWith(shop: OpenShop, lines: Lines): Promise<Visitor> {
  const visitor = new Visitor(shop.shopUrl);
  for (const [sku, qty] of Object.entries(lines)) {
    const { status } = await visitor.post('/cart/lines', { sku, qty: String(qty) });
    if (status !== 303) throw new Error(`${sku} was not put into the cart: ${status}`);
  }
  return visitor;
}

async function shopperWithOrders(shop: OpenShop): Promise<Visitor> {
  const visitor = await shopperWith(shop, { cleat: 1, shackle: 2 });
  await payBack()(shop, await orderOf(shop, visitor));
  await visitor.post('/cart/lines', { sku: 'block', qty: '1' });
  await dispatch(shop, await orderOf(shop, visitor));
  await visitor.post('/cart/lines', { sku: 'marlinspike', qty: '3' });
  await pay(shop, await orderOf(shop, visitor));
  await visitor.post('/cart/lines', { sku: 'shackle', qty: '8' });
  await cancel(shop, await orderOf(shop, visitor));
  await visitor.post('/cart/lines', { sku: 'cleat', qty: '1' });
  await orderOf(shop, visitor);
  return visitor;
}

/** Orders what is in somebody's cart, through the review. */
async function orderOf(shop: OpenShop, visitor: Visitor): Promise<TestOrder> {
  const { text } = await visitor.get('/cart/checkout');
  const key = fieldIn(text, 'key');
  const placed = await visitor.post('/cart/checkout', { key, amount: fieldIn(text, 'amount'), email });
  if (placed.status !== 303) throw new Error(`The cart was not ordered: ${placed.status}`);
  return orderByKey(shop, key);
}

/** An order of somebody who has just come. */
async function buyFor(shop: OpenShop, lines: Lines): Promise<TestOrder> {
  return orderOf(shop, await shopperWith(shop, lines));
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

/** An order of the usual things, and what became of it. */
async function place(shop: OpenShop, change?: Change): Promise<TestOrder> {
  const order = await buyFor(shop, { cleat: 1, shackle: 2 });
  return change ? change(shop, order) : order;
}

const pay: Change = async (shop, order) => {
  await ask(`${shop.shopUrl}/payment_webhook/${order.payment_id}/paid`);
  return until(shop, order, 'paid');
};

const dispatch: Change = async (shop, order) => {
  await pay(shop, order);
  await hurryDispatch(shop, order);
  return until(shop, order, 'dispatched');
};

/** Paid so long ago that its dispatch is in the middle. */
const dispatchHalf: Change = async (shop, order) => {
  await pay(shop, order);
  const { database } = shop;
  const earlier = (...columns: string[]) =>
    Object.fromEntries(columns.map((name) => [name, database.raw(`?? - interval '65 seconds'`, [name])]));
  const isIt = { order_id: order.order_id };
  await database('orders')
    .where(isIt)
    .update(earlier('created_at', 'paid_at', 'dispatch_due_at'));
  await database('order_history').where(isIt).update(earlier('at'));
  return order;
};

const cancel: Change = async (shop, order) => {
  await ask(`${order.order_url}/cancel`, undefined, { headers: { origin: shop.shopUrl } });
  return until(shop, order, 'cancelled');
};

/** The hold is over, and the payment not known yet. */
const endHold: Change = async (shop, order) => {
  const held = shop.database('orders').where('order_id', order.order_id);
  await held.update({ hold_expires_at: shop.database.fn.now() });
  return order;
};

const expire: Change = async (shop, order) => {
  await endHold(shop, order);
  await ask(`${shop.paymentUrl}/api/cancel_payment`, { session_id: order.payment_id });
  return until(shop, order, 'cancelled');
};

/** Paid back in part, or without an amount all of it. */
function payBack(body: { amount?: number } = {}): Change {
  return async (shop, order) => {
    await dispatch(shop, order);
    const { status } = await refund(shop, order, body, {});
    if (status !== 202) throw new Error(`Not paid back: ${status}`);
    return order;
  };
}

const dispute: Change = async (shop, order) => {
  await pay(shop, order);
  await control(shop, order, 'dispute');
  await waitFor(
    'the dispute to be on the list',
    () => matters(shop, order),
    (found) => found.length > 0,
  );
  return order;
};

/** Three bells are in the shop. */
async function refuse(shop: OpenShop): Promise<TestOrder> {
  const key = `refused-${crypto.randomUUID()}`;
  await ask(`${shop.shopUrl}/checkout/${key}`, { items: [{ sku: 'bell', qty: 5 }], email });
  return orderByKey(shop, key);
}

async function until(shop: OpenShop, order: TestOrder, status: string): Promise<TestOrder> {
  await becomes(shop, order, { status });
  return order;
}

/** Prices are set by whoever owns the catalogue; no address of the shop does. */
export async function setPrice(shop: OpenShop, sku: string, cents: number): Promise<void> {
  await shop.database('products').where('sku', sku).update({ price_cents: cents });
}
