import { randomUUID } from 'node:crypto';
import { fieldIn, Visitor } from './browser.ts';
import { EventReader } from './event-reader.ts';
import {
  type Answer,
  ask,
  attentionItems,
  becomes,
  placeOrder,
  placePaidOrder,
  postSigned,
  setFaults,
  type TestOrder,
} from './orders.ts';
import type { TestShop } from './shop.ts';
import { waitFor } from './wait.ts';

/**
 * Asks for every address of a demonstration, as the shoppers, programs and operators do that it is there for. A new route
 * needs a line here.
 * @param browserId of a shopper who has bought before
 */
export async function sweepRoutes(shop: TestShop, browserId: string): Promise<void> {
  const visitor = new Visitor(shop.shopUrl);
  visitor.forge('browser', encodeURIComponent(shop.server.signCookie(browserId)));
  await lookAround(visitor);
  await fillCart(visitor);
  await buyCart(shop, visitor);
  await askAsProgram(shop);
  await refuse(shop);
  await operate(shop, visitor);
  await ship(shop, visitor);
  await get(visitor, ['/your-orders/forget']);
  await visitor.post('/your-orders/forget', {});
}

async function get(visitor: Visitor, paths: readonly string[], accept = 'text/html'): Promise<void> {
  for (const path of paths) {
    const { status, text } = await visitor.get(path, { accept });
    if (status >= 400) throw new Error(`GET ${path}: ${status} ${text}`);
  }
}

async function lookAround(visitor: Visitor): Promise<void> {
  await get(visitor, [
    '/',
    '/?q=brass%20bell&sort=name',
    '/?sort=price',
    '/?sort=price-desc',
    '/?q=windlass',
    '/?category=Rigging&stock=1&from=1&to=90&page=2',
    '/products/bell',
    '/terms',
    '/returns',
    '/privacy',
    '/imprint',
    '/robots.txt',
    '/sitemap.xml',
    '/sitemap-pages.xml',
    '/sitemap-products.xml?part=0',
    '/manifest.webmanifest',
  ]);
  await get(visitor, [
    '/recent-orders',
    '/fragments/recent-orders',
    '/your-orders',
    '/cart',
    '/cart/checkout',
  ]);
  await get(
    visitor,
    ['/healthz', '/readyz', '/product', '/products', '/catalogue', '/cart'],
    'application/json',
  );
  await get(visitor, ['/order/5000', '/orders', '/orders?before=5000'], 'application/json');
}

async function fillCart(visitor: Visitor): Promise<void> {
  for (const sku of ['shackle', 'cleat', 'bell']) await visitor.post('/cart/lines', { sku, qty: '1' });
  await visitor.post('/cart/lines', { sku: 'shackle' }, { accept: 'application/json' });
  await visitor.post('/cart/lines/cleat', { qty: '2' });
  await visitor.post('/cart/lines/bell/remove', {});
  await get(visitor, ['/cart/lines', '/cart/lines/cleat', '/cart/lines/cleat/remove']);
  await visitor.post('/cart/keep-order', {});
  await get(visitor, ['/cart/keep-order', '/cart?added=cleat', '/cart?removed=bell&qty=1']);
}

function paymentOf(shop: TestShop, key: string) {
  return shop
    .database('orders')
    .join('payments', 'payments.order_id', 'orders.order_id')
    .where({ checkout_key: key })
    .first('orders.order_id', 'token', 'session_id');
}

/** Orders a cart, corrects the address, changes the order, comes back to the order, looks at it, and pays. */
async function buyCart(shop: TestShop, visitor: Visitor): Promise<void> {
  const { text } = await visitor.get('/cart/checkout');
  const form = {
    key: fieldIn(text, 'key'),
    fingerprint: fieldIn(text, 'fingerprint'),
    email: 'ann@reader.example',
  };
  for (const email of [form.email, 'anne@reader.example']) {
    await visitor.post('/cart/checkout', { ...form, email });
  }
  await get(visitor, ['/cart', '/cart/checkout', '/your-orders']);
  const { token } = await shop.database('orders').where({ checkout_key: form.key }).first('token');
  await visitor.post(`/orders/${token}/change`, {});
  await visitor.post('/cart/lines/shackle', { qty: '3' });
  const { session_id: sessionId } = await paymentOf(shop, form.key);
  // The first change is refused, because the provider does not answer.
  for (const faults of [{ api_error_before: 1 }, {}]) {
    await setFaults(shop, { payment_id: sessionId }, faults);
    const change = (await visitor.get('/cart/checkout')).text;
    form.key = fieldIn(change, 'key');
    form.fingerprint = fieldIn(change, 'fingerprint');
    await visitor.post('/cart/checkout', { ...form, changes: fieldIn(change, 'changes') });
  }
  await visitor.post(`/orders/${token}/again`, {});
  await get(visitor, [`/orders/${token}/change`, `/orders/${token}/again`, `/cart?filled=${token}`]);
  const order = await paymentOf(shop, form.key);
  const events = await EventReader.open(`${shop.shopUrl}/orders/${order.token}/events`);
  await visitor.post(`/payment_webhook/${order.session_id}/paid`, {});
  await get(visitor, [
    `/orders/${order.token}`,
    `/orders/${order.token}/receipt`,
    `/fragments/orders/${order.token}`,
    '/cart',
  ]);
  await askShop(visitor, `/orders/${order.token}/contact`);
  await waitFor(
    'the page to show the dispatch',
    () => events.ended,
    (ended) => ended,
  );
  events.close();
}

/** Corrects the address of a paid order, has its message sent again, asks to cancel it, and looks for all orders of the address. */
async function askShop(visitor: Visitor, contact: string): Promise<void> {
  await get(visitor, [contact, '/find-order']);
  await visitor.post(contact, { act: 'correct', email: 'ann@reader.example' });
  await visitor.post(contact, { act: 'resend' });
  await visitor.post(contact, { act: 'ask', reason: 'ordered twice' });
  const { location } = await visitor.post('/find-order', { email: 'ann@reader.example' });
  await get(visitor, [location ?? '']);
}

async function askAsProgram(shop: TestShop): Promise<void> {
  await ask(`${shop.shopUrl}/checkout`);
  const request = {
    items: [
      { sku: 'shackle', qty: 1 },
      { sku: 'cleat', qty: 1 },
    ],
    email: 'ann@reader.example',
  };
  const key = randomUUID();
  await ask(`${shop.shopUrl}/checkout/${key}`, request);
  const { body } = await ask(`${shop.shopUrl}/checkout/${key}`, request);
  await ask(`${String(body['order_url'])}/cancel`, undefined, { headers: { origin: shop.shopUrl } });
  // An event of another shop.
  await postSigned(shop, paidEvent({ payment_id: 'cs_unknown', order_id: 2_000_000_000, total: 1, key }));
}

async function refuse(shop: TestShop): Promise<void> {
  for (const request of [
    { items: [{ sku: 'shackle', qty: 1000 }] },
    // More than half of them.
    { items: [{ sku: 'thimble', qty: 450 }] },
    { items: [{ sku: 'shackle', qty: 1 }], amount: 1 },
    { items: [{ sku: 'no-such-thing', qty: 1 }] },
  ]) {
    await ask(`${shop.shopUrl}/checkout/${randomUUID()}`, request);
  }
}

async function operate(shop: TestShop, visitor: Visitor): Promise<void> {
  const send = (path: string, body?: object): Promise<Answer> => ask(shop.shopUrl + path, body);
  await send('/restock');
  await send('/restock', { sku: 'shackle', quantity: 10, reason: 'delivery' });
  const order = await placePaidOrder(shop, { email: 'ann@reader.example' });
  await send(`/order/${order.order_id}/refund`, { reason: 'came broken', amount: 100 });
  const form = {
    key: randomUUID(),
    order: String(order.order_id),
    amount: '1',
    reason: 'late',
    restock: 'no',
  };
  const { location } = await visitor.post('/operator/refund', form);
  await get(visitor, [location ?? '', '/operator', '/outbox']);
  await get(visitor, ['/attention', '/attention?after=1', '/reconciliation', '/outbox'], 'application/json');
  const [message] = await waitFor<{ email_id: number }[]>(
    'a message',
    async () => JSON.parse((await visitor.get('/outbox', { accept: 'application/json' })).text),
    (messages) => messages.length > 0,
  );
  await get(visitor, [`/outbox/${message?.email_id}`]);
  for (const path of ['/attention', '/operator/attention']) await settle(shop, path);
  await send('/reconciliation');
  await visitor.post('/operator/reconcile', {});
  await becomes(shop, order, { refunded: 200 });
}

/** Ships an order in two parcels: by a program, and by the form. */
async function ship(shop: TestShop, visitor: Visitor): Promise<void> {
  const order = await placePaidOrder(shop, { qty: 2, email: 'ann@reader.example' });
  await leaveToOperator(shop, order);
  const line = await shop.database('order_lines').where({ order_id: order.order_id }).first();
  const lines = [{ product_id: line.product_id, quantity: 1 }];
  const { status, body } = await ask(`${shop.shopUrl}/order/${order.order_id}/shipments`, { lines });
  if (status !== 201) throw new Error(`Not shipped: ${status} ${JSON.stringify(body)}`);
  await get(visitor, [`/operator?ship=${order.order_id}`]);
  const form = { key: randomUUID(), order: String(order.order_id), [`units-${line.product_id}`]: '1' };
  const { location } = await visitor.post('/operator/shipment', form);
  await get(visitor, [location ?? '', `/operator?order=${order.order_id}`]);
  const refunded = { reason: 'came broken', lines: [{ sku: 'shackle', qty: 1 }], delivery: true };
  await ask(`${shop.shopUrl}/order/${order.order_id}/refund`, refunded);
  await get(visitor, [`/order/${order.order_id}`], 'application/json');
}

/** Takes a dispatch back, as if the order had been paid while operators ship. */
async function leaveToOperator(shop: TestShop, order: TestOrder): Promise<void> {
  const { database } = shop;
  await becomes(shop, order, { status: 'dispatched' });
  const its = { order_id: order.order_id };
  await database('shipment_lines').where(its).delete();
  await database('shipments').where(its).delete();
  await database('order_history')
    .where({ ...its, what: 'dispatched' })
    .delete();
  await database('order_lines').where(its).update({ shipped: 0 });
  await database('orders').where(its).update({ status: 'paid', dispatched_at: null, fulfilment: 'manual' });
}

/** Lets a refund without a charge at the provider fail, retries it, and resolves its attention item. */
async function settle(shop: TestShop, path: string): Promise<void> {
  const order = await placeOrder(shop);
  // With a character that Postgres does not accept.
  await postSigned(shop, paidEvent({ ...order, key: `${order.key} \u0000` }));
  await becomes(shop, order, { status: ['paid', 'dispatched'] });
  await ask(`${shop.shopUrl}/order/${order.order_id}/refund`, { reason: 'came broken' });
  for (const [act, body] of [
    ['retry', {}],
    ['resolve', { resolution: 'paid back by hand' }],
  ] as const) {
    const item = await raisedItem(shop, order);
    await ask(`${shop.shopUrl}/attention`, undefined, { method: 'GET' });
    await ask(`${shop.shopUrl}${path}/${item}/${act}`, body);
  }
}

async function raisedItem(shop: TestShop, order: TestOrder): Promise<number> {
  const [item] = await waitFor(
    'the refund to become an attention item',
    () => attentionItems(shop, order),
    (found) => found.length > 0,
  );
  return item?.attention_id ?? 0;
}

/** The event of a payment by a charge that does not exist at the provider. */
function paidEvent({
  payment_id: id,
  order_id: orderId,
  total,
  key,
}: Omit<TestOrder, 'order_url' | 'payment_url'>) {
  const session = {
    id,
    client_reference_id: String(orderId),
    amount_total: total,
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: `pi_nowhere_${orderId}`,
    metadata: { correlation_token: key },
  };
  return {
    id: `evt_nowhere_${orderId}`,
    type: 'checkout.session.completed',
    created: 1,
    data: { object: session },
  };
}
