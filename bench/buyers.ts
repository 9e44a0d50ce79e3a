import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, createHttpClient, type HttpClient, textOf } from './http-client.ts';
import type { Provider } from './provider.ts';

/** Where the buyers shop, and what. */
export interface Market {
  readonly shopUrl: string;
  readonly provider: Provider;
  readonly skus: readonly string[];
}

/** Buyers start nothing new after so many seconds or orders. */
export interface Crowd {
  readonly buyers: number;
  readonly seconds: number;
  readonly ordersMax: number;
}

export interface Purchases {
  /** Orders placed, each of them paid. */
  readonly orders: number;
  /** From the first checkout to the last payment. */
  readonly seconds: number;
  readonly checkoutMs: readonly number[];
  readonly webhookMs: readonly number[];
  /** How often the shop was not ready with an answer and was asked again. */
  readonly askedAgain: number;
}

/**
 * Lets buyers shop side by side, each one order after another: check out, pay, again. Orders go round the products.
 * @throws when an answer is not the one that a served customer gets.
 */
export async function buy(market: Market, crowd: Crowd): Promise<Purchases> {
  // Shoppers and the provider reach the shop over different connections.
  const shoppers = createHttpClient(market.shopUrl, crowd.buyers);
  const provider = createHttpClient(market.shopUrl, crowd.buyers);
  const crowdId = randomUUID();
  const checkoutMs: number[] = [];
  const webhookMs: number[] = [];
  let orders = 0;
  let askedAgain = 0;
  const began = performance.now();
  const endsAt = began + crowd.seconds * 1000;

  const buyer = async (): Promise<void> => {
    while (orders < crowd.ordersMax && performance.now() < endsAt) {
      const number = orders;
      orders += 1;
      const sku = market.skus[number % market.skus.length] ?? '';
      const started = performance.now();
      const { sessionId, again } = await checkOut(shoppers, `bench-${crowdId}-${number}`, sku);
      const placed = performance.now();
      const paid = await pay(provider, market.provider, sessionId);
      askedAgain += again + paid.again;
      checkoutMs.push(placed - started);
      webhookMs.push(performance.now() - placed);
    }
  };
  try {
    await Promise.all(Array.from({ length: crowd.buyers }, buyer));
  } finally {
    shoppers.close();
    provider.close();
  }
  return { orders, seconds: (performance.now() - began) / 1000, checkoutMs, webhookMs, askedAgain };
}

const asksMax = 20;
const pauseBeforeAskingMs = 250;

/** An answer, and how often the shop had none and was asked again. */
export interface Asked {
  readonly answer: Answer;
  readonly again: number;
}

/**
 * Asks until the shop has an answer, as shoppers and the provider do: 202 says that the order is on its way, 503 that
 * the shop is too busy. Every question is safe to repeat.
 */
async function ask(question: () => Promise<Answer>): Promise<Asked> {
  for (let again = 0; ; again += 1) {
    const answer = await question();
    if ((answer.status !== 202 && answer.status !== 503) || again + 1 === asksMax) return { answer, again };
    await pause(pauseBeforeAskingMs);
  }
}

/** Asks for one unit of a product; whatever the shop says to that. */
export function askForOne(client: HttpClient, key: string, sku: string): Promise<Asked> {
  const wish = JSON.stringify({ items: [{ sku, qty: 1 }] });
  return ask(() => client.post(`/checkout/${key}`, wish));
}

/** An order that waits for its payment. */
export interface PlacedOrder {
  readonly orderId: number;
  /** Path of its page. */
  readonly path: string;
  readonly sessionId: string;
  readonly again: number;
}

/** Buys one unit of a product, short of paying. @throws when the shop does not sell it. */
export async function checkOut(client: HttpClient, key: string, sku: string): Promise<PlacedOrder> {
  return readCheckout(await askForOne(client, key, sku));
}

/** The order in the answer to a checkout. @throws when there is none. */
export function readCheckout({ answer, again }: Asked): PlacedOrder {
  const found = again > 0 && answer.status === 200;
  const checkout = JSON.parse(textOf('A checkout', answer, found ? 200 : 201)) as {
    order_id: number;
    order_url: string;
    payment_id: string;
  };
  const { pathname } = new URL(checkout.order_url);
  return { orderId: checkout.order_id, path: pathname, sessionId: checkout.payment_id, again };
}

/** Pays a session, which the provider tells the shop. */
export async function pay(
  client: HttpClient,
  provider: Provider,
  sessionId: string,
): Promise<{ readonly again: number }> {
  const event = provider.pay(sessionId);
  const headers = { 'stripe-signature': event.signature };
  const { answer, again } = await ask(() => client.post('/payment_webhook', event.body, headers));
  textOf('A payment event', answer, 200);
  return { again };
}

// More than all levels of all rounds can buy.
const delivery = 100_000;

/** Fills the shelves as an operator does, so that no order is refused. @returns the products. */
export async function stockUp(shopUrl: string): Promise<string[]> {
  const client = createHttpClient(shopUrl, 1);
  try {
    const list = textOf('The product list', await client.get('/products'), 200);
    const products = JSON.parse(list) as { sku: string }[];
    for (const { sku } of products) {
      const body = JSON.stringify({ sku, quantity: delivery, reason: 'benchmark' });
      textOf('A delivery', await client.post('/restock', body), 200);
    }
    return products.map(({ sku }) => sku);
  } finally {
    client.close();
  }
}
