import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fixture } from './fixture.ts';
import { type Answer, type HttpClient, textOf, withHttpClient } from './http-client.ts';
import type { Provider } from './provider.ts';

/** Buyers who work in parallel. They start no order after so many seconds or orders. */
export interface Load {
  readonly buyers: number;
  readonly seconds: number;
  readonly ordersMax: number;
}

/**
 * Runs a load: each buyer checks out, pays and begins again. The orders take the products in turn.
 * @returns the paid orders, the seconds from the first checkout to the last payment, the milliseconds of each checkout
 * and of each webhook request, and the retries of requests for which the store had no answer yet.
 * @throws when a buyer is not served.
 */
export function buy({ store, provider }: Fixture, skus: readonly string[], load: Load) {
  const loadId = randomUUID();
  const checkoutMs: number[] = [];
  const webhookMs: number[] = [];
  let orders = 0;
  let retries = 0;

  const runLoad = async (shoppers: HttpClient, webhooks: HttpClient) => {
    const began = performance.now();
    const endsAt = began + load.seconds * 1000;
    const buyer = async (): Promise<void> => {
      while (orders < load.ordersMax && performance.now() < endsAt) {
        const number = orders;
        orders += 1;
        const started = performance.now();
        const order = await checkOut(shoppers, `bench-${loadId}-${number}`, skus[number % skus.length] ?? '');
        const placed = performance.now();
        const paid = await pay(webhooks, provider, order.sessionId);
        retries += order.retries + paid.retries;
        checkoutMs.push(placed - started);
        webhookMs.push(performance.now() - placed);
      }
    };
    await Promise.all(Array.from({ length: load.buyers }, buyer));
    return { orders, seconds: (performance.now() - began) / 1000, checkoutMs, webhookMs, retries };
  };
  return withBothClients(store.url, load.buyers, runLoad);
}

/** Runs `work` with two clients: shoppers and the provider reach the store over different connections. */
export function withBothClients<Result>(
  storeUrl: string,
  connections: number,
  work: (shoppers: HttpClient, webhooks: HttpClient) => Promise<Result>,
): Promise<Result> {
  return withHttpClient(storeUrl, connections, (shoppers) =>
    withHttpClient(storeUrl, connections, (webhooks) => work(shoppers, webhooks)),
  );
}

const attemptsMax = 20;
const backoffMs = 250;

/** The final answer, and how many requests before it were repeated. */
export interface FinalAnswer {
  readonly answer: Answer;
  readonly retries: number;
}

/**
 * Repeats a request until the store has an answer, as browsers and the provider do: 202 means that the order is being
 * placed, 503 that the store is too busy. Every request is idempotent.
 */
async function withRetry(request: () => Promise<Answer>): Promise<FinalAnswer> {
  for (let retries = 0; ; retries += 1) {
    const answer = await request();
    const isFinal = answer.status !== 202 && answer.status !== 503;
    if (isFinal || retries + 1 === attemptsMax) return { answer, retries };
    await pause(backoffMs);
  }
}

/** Requests one unit of a product. @returns any answer. */
export function requestOne(client: HttpClient, key: string, sku: string): Promise<FinalAnswer> {
  const body = JSON.stringify({ items: [{ sku, qty: 1 }] });
  return withRetry(() => client.post(`/checkout/${key}`, body));
}

/** An order that waits for its payment. */
export interface PlacedOrder {
  readonly orderId: number;
  /** Path of its page. */
  readonly path: string;
  readonly sessionId: string;
  readonly retries: number;
}

/** Orders one unit of a product. @throws when the store does not sell it. */
export async function checkOut(client: HttpClient, key: string, sku: string): Promise<PlacedOrder> {
  return readOrder(await requestOne(client, key, sku));
}

/** Reads the order from the answer to a checkout. @throws when there is none. */
export function readOrder({ answer, retries }: FinalAnswer): PlacedOrder {
  const isRepeated = retries > 0 && answer.status === 200;
  const order = JSON.parse(textOf('A checkout', answer, isRepeated ? 200 : 201)) as {
    order_id: number;
    order_url: string;
    payment_id: string;
  };
  const { pathname } = new URL(order.order_url);
  return { orderId: order.order_id, path: pathname, sessionId: order.payment_id, retries };
}

/** Pays a session and delivers the provider's event to the store. @throws when the store refuses it. */
export async function pay(client: HttpClient, provider: Provider, sessionId: string): Promise<FinalAnswer> {
  const event = provider.pay(sessionId);
  const headers = { 'stripe-signature': event.signature };
  const final = await withRetry(() => client.post('/payment_webhook', event.body, headers));
  textOf('A payment event', final.answer, 200);
  return final;
}

// More than all levels of all rounds can buy.
const restockedUnits = 100_000;

/** Restocks every product as an operator does, so that no order is refused. @returns the SKUs. */
export function restockAll(storeUrl: string): Promise<string[]> {
  return withHttpClient(storeUrl, 1, async (client) => {
    const list = textOf('The product list', await client.get('/products'), 200);
    const products = JSON.parse(list) as { sku: string }[];
    for (const { sku } of products) {
      const body = JSON.stringify({ sku, quantity: restockedUnits, reason: 'benchmark' });
      textOf('A restock', await client.post('/restock', body), 200);
    }
    return products.map(({ sku }) => sku);
  });
}
