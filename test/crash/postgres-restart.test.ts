import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { drawn } from '../support/drawn.ts';
import { type Fixture, openFixture } from '../support/fixture.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';
import { expectAllWell, runScenario } from './crash-case.ts';
import { OwnServer, type StopMode } from './own-server.ts';
import { paid, paidWithoutWebhook, unpaid } from './scenarios.ts';

// Postgres is stopped in order, and as by a crash, and started again while the shop works on it. No process may die of
// that, and nothing may be taken for an outcome that is only a lost connection.

const modes = drawn<StopMode>(['fast', 'immediate'], 0.5);

let server: OwnServer;
/** The payment service uses another database, so customers go on paying while the shop's is away. */
let apart: Fixture;
/** Everything on one server, as `npm start` has it, and holds that end soon. */
let together: Fixture;

beforeAll(async () => {
  server = await OwnServer.open();
  apart = await openFixture(
    { HOLD_SECONDS: '120', DISPATCH_SECONDS: '1' },
    { shop: await server.createDatabase('shop_apart', true), payments: await createEmptyDatabase() },
  );
  together = await openFixture(
    { HOLD_SECONDS: '4', DISPATCH_SECONDS: '1' },
    {
      shop: await server.createDatabase('shop_together', true),
      payments: await server.createDatabase('payments_together', false),
    },
  );
});

afterEach(() => {
  for (const { shop, payments } of [apart.processes, together.processes]) {
    expect(
      { shop: shop.deaths, payments: payments.deaths },
      `deaths; the shop printed ${shop.output}`,
    ).toEqual({
      shop: [],
      payments: [],
    });
  }
});

afterAll(async () => {
  await Promise.all([apart.close(), together.close()]);
  await server.close();
});

async function away(mode: StopMode, meanwhile: () => Promise<void>): Promise<void> {
  await server.stop(mode);
  await meanwhile();
  await server.start();
}

/** While Postgres is away, every request is answered 503 with the time to ask again. */
async function expectUnavailable(shopUrl: string): Promise<void> {
  const asked = [
    ['GET', '/products'],
    ['GET', '/order/1'],
    ['GET', '/orders'],
    ['GET', '/readyz'],
    ['GET', '/'],
    ['POST', `/checkout/${randomUUID()}`],
  ] as const;
  for (const [method, path] of asked) {
    const response = await fetch(shopUrl + path, { method, headers: { accept: 'application/json' } });
    const { code } = (await response.json()) as { code: string };
    const answer = { status: response.status, code, retryAfter: response.headers.get('retry-after') };
    expect(answer, `${method} ${path}`).toEqual({ status: 503, code: 'unavailable', retryAfter: '2' });
  }
  expect((await fetch(`${shopUrl}/healthz`)).status, 'the process itself is well').toBe(200);
}

async function orderStatuses({ database }: Fixture): Promise<string[]> {
  return database('orders').orderBy('order_id').pluck('status');
}

describe.each(modes)('Postgres stopped (%s) and started again', (mode) => {
  test('while an order waits for its payment: 503 meanwhile, the payment arrives later, the order is dispatched', async () => {
    const before = apart.webhooks.answers.length;
    const answers = () => apart.webhooks.answers.slice(before);
    let back: Promise<void> | undefined;
    await runScenario(apart, paid, async () => {
      await server.stop(mode);
      await expectUnavailable(apart.shopUrl);
      back = waitFor('the webhook to be refused', answers, (some) => some.length > 0)
        .then((some) => expect(some).toEqual([503]))
        .then(() => server.start());
    });
    await back;
    expect(answers().at(-1)).toBe(200);
    await expectAllWell(apart);
  });

  test('while orders are being placed: every shopper is answered, every order is dispatched once', {
    tags: ['slow'],
  }, async () => {
    const scenarios = Array.from({ length: 12 }, () => runScenario(apart, paid));
    const known = await orderStatuses(apart);
    await waitFor(
      'the first order',
      () => orderStatuses(apart),
      (now) => now.length > known.length,
    );
    await away(mode, () => Promise.resolve());
    await Promise.all(scenarios);
    await expectAllWell(apart);
  });

  test('while orders are being dispatched: every one arrives once', { tags: ['slow'] }, async () => {
    const scenarios = Array.from({ length: 5 }, () => runScenario(apart, paid));
    await waitFor(
      'an order to be paid',
      () => orderStatuses(apart),
      (now) => now.includes('paid'),
    );
    await away(mode, () => expectUnavailable(apart.shopUrl));
    await Promise.all(scenarios);
    await expectAllWell(apart);
  });

  test('during the end of the hold: paid orders are not cancelled, unpaid ones are, and both services recover', {
    tags: ['slow'],
  }, async () => {
    const overTheEnd = async (): Promise<void> => {
      const [order] = await together
        .database('orders')
        .where({ status: 'pending' })
        .select('hold_expires_at');
      await away(mode, async () => {
        await waitFor('the end of the hold', Date.now, (now) => now > Number(order.hold_expires_at));
      });
    };
    await runScenario(together, paidWithoutWebhook, overTheEnd);
    await runScenario(together, unpaid, overTheEnd);
    await expectAllWell(together);
  });
});

test('an order that was acknowledged just before Postgres crashes is still there', async () => {
  await runScenario(apart, paid, async () => {
    await away('immediate', () => Promise.resolve());
    const statuses = await waitFor(
      'Postgres to answer',
      () => orderStatuses(apart),
      () => true,
    );
    expect(statuses.at(-1)).toBe('pending');
  });
  await expectAllWell(apart);
});

test('a payment that arrives as soon as Postgres is back is settled within seconds', async () => {
  let backAt = Number.NaN;
  await runScenario(apart, paid, async () => {
    await server.stop('fast');
    // The event comes before the engine listens again, so the waiting checkout gets no notification.
    apart.webhooks.open = server.start().then(() => (backAt = Date.now()));
  });
  const [newest] = await apart.database('orders').orderBy('order_id', 'desc').limit(1).select('paid_at');
  expect(newest.paid_at.getTime() - backAt, 'milliseconds from Postgres to paid').toBeLessThan(5_000);
});
