import { env } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import fc, { type RunDetails } from 'fast-check';
import type { OpenAPIV3_1 } from 'openapi-types';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { attentionItems, placeOrder, placePaidOrder, postSigned } from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { operatorToken, refund } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { watchRoutes } from '../support/visited-routes.ts';
import { waitFor } from '../support/wait.ts';
import { type Documentation, documentationOf, faultsOf } from './documented.ts';
import { KnownValues } from './known-values.ts';
import { type Draft, requestsTo } from './requests.ts';
import { type Route, routesOf } from './routes.ts';
import { type Answer, requestOf, type Sent, send } from './send.ts';
import { faultOfMessage, messages } from './wire.ts';

// Requests that fast-check makes of the schemas of every route. None fails in the shop or breaks its connection, every refusal is
// documented, and afterwards every unit and every cent is accounted for. FUZZ_SEED repeats the requests of a run.

const requests = Number(env['FUZZ_REQUESTS'] ?? 400);
const seed = Number(env['FUZZ_SEED'] ?? Number.parseInt(env['TEST_SEED'] ?? '0', 16) >> 1);

// Every other seed has the limits of production.
const ofProduction = { HOLD_LIMITS: 'strict', CHECKOUT_KEYS: 'unguessable', PUBLIC_ORDERS: 'off' };

// Every route has its turn in each sweep, so that requests to different routes meet.
const requestsPerSweep = 1_500;
const routesAtOnce = 8;
// A route without parameters has little to vary.
const weightOf = ({ url, query, body }: Route): number =>
  /[:*]/.test(url) || Object.keys({ ...query, ...body }).length > 0 ? 6 : 1;

let shop: TestShop;
let routes: readonly Route[];
let documentation: Documentation;
let values: KnownValues;
let pool: Pool;
const statuses = new Map<number, number>();
const answering = new Set<string>();

beforeAll(async () => {
  const visitedOf = watchRoutes();
  shop = await startTestShop({
    OPERATOR_TOKEN: operatorToken,
    TRUST_PROXY: '1',
    // Units return soon, so that later orders find some.
    HOLD_SECONDS: '5',
    DISPATCH_SECONDS: '0.5',
    EVENT_STREAMS_PER_ADDRESS: '10000',
    ...(seed % 2 === 0 && ofProduction),
  });
  const document = (await (await fetch(`${shop.shopUrl}/docs/json`)).json()) as OpenAPIV3_1.Document;
  routes = routesOf(visitedOf(shop.server), document);
  documentation = documentationOf(routes, document);
  await prepareOrders();
  values = new KnownValues(shop);
  pool = new Pool(shop.shopUrl, { connections: 2 * routesAtOnce });
});

afterAll(async () => {
  await pool?.destroy();
  await shop?.close();
});

/** Orders, a refund, messages and an attention item, for requests that name one. */
async function prepareOrders(): Promise<void> {
  const email = 'ada@reader.example';
  const [paid, open] = await Promise.all([
    placePaidOrder(shop, { email }),
    placeOrder(shop, { email }),
    placeOrder(shop),
  ]);
  await refund(shop, paid, { amount: 100 });
  const strange = { id: open.payment_id, client_reference_id: String(open.order_id), amount_total: 1 };
  const object = { ...strange, currency: 'usd', payment_status: 'paid', payment_intent: 'pi_strange' };
  await postSigned(shop, {
    id: 'evt_strange',
    type: 'checkout.session.completed',
    created: 1,
    data: { object },
  });
  await waitFor(
    'an attention item',
    () => attentionItems(shop, open),
    (items) => items.length > 0,
  );
}

// Longer than a slow machine needs while it does other work; it only ends a run that hangs.
const hangMs = 600_000 + 60 * requests;

test(`${requests} requests to all routes are answered as documented`, { timeout: hangMs }, async () => {
  for (let sent = 0, sweep = 0; sent < requests; sent += requestsPerSweep, sweep += 1) {
    await askEveryRoute(Math.min(requestsPerSweep, requests - sent), seed + 2 * sweep);
  }
  const orders = await shop.database('orders').groupBy('status').select('status').count({ number: '*' });
  console.info(
    `Fuzz run of seed ${seed}: ${JSON.stringify({ statuses: Object.fromEntries(statuses), orders })}`,
  );
  const silent = routes.filter(({ name }) => !answering.has(name)).map(({ name }) => name);
  expect(silent, 'routes that no request reached').toEqual([]);
  expect(answersBelow(400) / answersBelow(1_000), 'share of requests that were not refused').toBeGreaterThan(
    0.2,
  );
});

test('messages that are hardly HTTP are refused, and the shop stays', { timeout: hangMs }, async () => {
  const property = fc.asyncProperty(messages, async (message) => {
    expect(await faultOfMessage(shop.shopUrl, message)).toBeNull();
  });
  await fc.assert(property, { numRuns: Math.ceil(requests / 5), seed });
  expect((await fetch(`${shop.shopUrl}/healthz`)).status).toBe(200);
});

test('every unit and every cent is accounted for afterwards', async () => {
  expect((await auditDatabase(shop.shopDatabase, 30)).broken).toEqual([]);
  await expectStockBalanced(shop.database);
});

/** Sends so many requests, some to each route. */
async function askEveryRoute(count: number, seed: number): Promise<void> {
  const [waiting = []] = fc.sample(fc.shuffledSubarray([...routes], { minLength: routes.length }), {
    numRuns: 1,
    seed,
  });
  // The same seed would make the same kinds of requests to every route.
  const seeds = fc.sample(fc.integer(), { numRuns: routes.length, seed });
  const weights = routes.reduce((sum, route) => sum + weightOf(route), 0);
  const asyncReporter = async ({ failed, errorInstance: cause }: RunDetails<[Draft]>): Promise<void> => {
    if (failed) throw new Error(`FUZZ_SEED=${seed} FUZZ_REQUESTS=${count} repeats it.`, { cause });
  };
  const askNext = async (): Promise<void> => {
    for (let route = waiting.pop(); route; route = waiting.pop()) {
      const numRuns = Math.ceil((count * weightOf(route)) / weights);
      const property = fc.asyncProperty(requestsTo(route), askOne);
      await fc.assert(property, { numRuns, seed: seeds[waiting.length] ?? seed, asyncReporter });
    }
  };
  await Promise.all(Array.from({ length: routesAtOnce }, askNext));
}

async function askOne(draft: Draft): Promise<void> {
  const request = requestOf(draft, await values.finder(draft));
  const answer = await sendUntilAnswered(request);
  const faults = typeof answer === 'string' ? [answer] : faultsOf(request, answer, documentation);
  if (faults.length === 0) return;
  const sent = { ...request, body: request.body?.toString().slice(0, shownAtMost) };
  const shown =
    typeof answer === 'string' ? '' : JSON.stringify({ ...answer, text: answer.text.slice(0, shownAtMost) });
  const fault = `${faults.join('; ')}\nrequest: ${JSON.stringify(sent)}\nanswer: ${shown}`;
  // The report of a long run comes at its end.
  console.error(fault);
  throw new Error(fault);
}

/** A busy shop asks to be asked again, and then answers. */
async function sendUntilAnswered(request: Sent): Promise<Answer | string> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(pool, request);
    if (typeof answer === 'string') return answer;
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    answering.add(answer.route);
    const isBusy = answer.status === 503 && answer.headers['retry-after'] !== undefined;
    if (!isBusy || attempt === attemptsAtMost) return answer;
    await pause(pauseMs);
  }
}

const attemptsAtMost = 5;
const pauseMs = 1_000;
const shownAtMost = 2_000;

function answersBelow(limit: number): number {
  return [...statuses].reduce((sum, [status, count]) => (status < limit ? sum + count : sum), 0);
}
