import type { Visitor } from './browser.ts';
import { ask, type OpenShop, type TestOrder } from './orders.ts';
import {
  askToCancel,
  beginToChange,
  buyFor,
  cancel,
  dispatch,
  dispatchHalf,
  dispute,
  endHold,
  expire,
  leaveToOperator,
  orderOf,
  pay,
  payBack,
  place,
  placeChanged,
  refuse,
  shipOne,
  shopperWhoChanges,
  shopperWith,
  typedDelivery,
} from './page-orders.ts';
import { everyRefundMade } from './refunds.ts';
import { waitFor } from './wait.ts';

// A shop in which something of everything has happened, so that each page can be looked at in each of its states.

/** Settings under which nothing ends while it is looked at, and one address may hold whole stocks. */
export const settingsToLook = { HOLD_SECONDS: '900', DISPATCH_SECONDS: '240', HOLD_LIMITS: 'off' } as const;

/** Shoppers with a cart or with orders, and orders in every state. */
export interface PageFixture {
  readonly shop: OpenShop;
  readonly shoppers: Readonly<Record<ShopperName, Visitor>>;
  readonly orders: Readonly<Record<OrderName, TestOrder>>;
}

/** The visitor whose cookies open a page. */
export type ShopperName = 'full' | 'changed' | 'gone' | 'dearer' | 'ordered' | 'edited' | 'changing' | 'many';

/** The orders of the fixture, by their state. */
export type OrderName =
  | 'pending'
  | 'holdExpired'
  | 'inDispatch'
  | 'asked'
  | 'dispatched'
  | 'toShip'
  | 'inParcels'
  | 'cancelled'
  | 'changing'
  | 'changed'
  | 'expired'
  | 'refused'
  | 'refunded'
  | 'partlyRefunded'
  | 'toPay'
  | 'declinedThere'
  | 'paidThere'
  | 'endedThere';

/** Creates all states over the shop's own addresses, and by SQL only where time would have to pass or a price changes. */
export async function preparePages(shop: OpenShop): Promise<PageFixture> {
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

async function prepareShoppers(shop: OpenShop): Promise<PageFixture['shoppers']> {
  const full = { cleat: 2, shackle: 4, block: 1 };
  const [changed, gone] = await Promise.all([
    shopperWith(shop, { turnbuckle: 5, thimble: 12, 'snatch-hook': 2, cleat: 1 }),
    shopperWith(shop, { 'snatch-hook': 1 }),
  ]);
  const ordered = await shopperWith(shop, full);
  const edited = await shopperWith(shop, { cleat: 1 });
  await orderOf(shop, edited);
  await edited.post('/cart/lines', { sku: 'shackle', qty: '2' });
  const [changing] = await shopperWhoChanges(shop, { cleat: 1, shackle: 2 });
  const [many] = await Promise.all([
    shopperWithOrders(shop),
    orderOf(shop, ordered),
    // Other shoppers buy the items in those two carts.
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
    edited,
    changing,
    many,
  };
}

async function prepareOrders(shop: OpenShop): Promise<PageFixture['orders']> {
  const [unpaid, paid, atPayment] = await Promise.all([
    ordersNotPaid(shop),
    ordersPaid(shop),
    ordersAtPayment(shop),
  ]);
  return { ...unpaid, ...paid, ...atPayment };
}

async function ordersNotPaid(shop: OpenShop) {
  const [pending, holdExpired, cancelled, changing, changed, expired, refused] = await Promise.all([
    place(shop),
    place(shop, endHold),
    place(shop, cancel),
    place(shop, beginToChange),
    placeChanged(shop),
    place(shop, expire),
    refuse(shop),
  ]);
  return { pending, holdExpired, cancelled, changing, changed, expired, refused };
}

async function ordersPaid(shop: OpenShop) {
  const [inDispatch, asked, dispatched, toShip, inParcels, refunded, partlyRefunded] = await Promise.all([
    place(shop, dispatchHalf, typedDelivery),
    place(shop, askToCancel),
    place(shop, dispatch),
    place(shop, leaveToOperator, typedDelivery),
    place(shop, shipOne, typedDelivery),
    place(shop, payBack()),
    place(shop, payBack({ amount: 1890 })),
  ]);
  return { inDispatch, asked, dispatched, toShip, inParcels, refunded, partlyRefunded };
}

/** For the pages of the payment service, whose cards are declined by hand. */
async function ordersAtPayment(shop: OpenShop) {
  const [toPay, declinedThere, paidThere, endedThere] = await Promise.all([
    place(shop, null, typedDelivery),
    place(shop),
    place(shop, dispute),
    place(shop, cancel),
  ]);
  return { toPay, declinedThere, paidThere, endedThere };
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

/** Prices change in the catalogue only; the shop has no address for it. */
export async function setPrice(shop: OpenShop, sku: string, cents: number): Promise<void> {
  await shop.database('products').where('sku', sku).update({ price_cents: cents });
}
