import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEmptyDatabase } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';
import { type Arena, openArena } from './arena.ts';
import { caseTimeout, expectAllWell, tell } from './crash-case.ts';
import { OwnServer, type StopMode } from './own-server.ts';
import { paid, paidUnheard, unpaid } from './stories.ts';

// Postgres is stopped in order, and as by a crash, and started again while the shop works on it. No process may die of
// that, and nothing may be taken for an outcome that is only a lost connection.

const modes: StopMode[] = ['fast', 'immediate'];

let server: OwnServer;
/** The payment service has its database elsewhere, so customers go on paying while the shop's is away. */
let apart: Arena;
/** Everything on one server, as `npm start` has it, and holds that end soon. */
let together: Arena;

beforeAll(async () => {
  server = await OwnServer.open();
  apart = await openArena(
    { HOLD_SECONDS: '120', DISPATCH_SECONDS: '1' },
    { shop: await server.createDatabase('shop_apart', true), payments: await createEmptyDatabase() },
  );
  together = await openArena(
    { HOLD_SECONDS: '4', DISPATCH_SECONDS: '1' },
    {
      shop: await server.createDatabase('shop_together', true),
      payments: await server.createDatabase('payments_together', false),
    },
  );
}, caseTimeout);

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

/** Whoever asks while Postgres is away hears 503 and when to ask again. */
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

async function orderStatuses({ database }: Arena): Promise<string[]> {
  return database('orders').pluck('status');
}

describe.each(modes)('Postgres stopped (%s) and started again', (mode) => {
  test(
    'while an order waits for its payment: 503 meanwhile, the payment is heard of later, the order is dispatched',
    async () => {
      const before = apart.line.answers.length;
      const answers = () => apart.line.answers.slice(before);
      let back: Promise<void> | undefined;
      await tell(apart, paid, async () => {
        await server.stop(mode);
        await expectUnavailable(apart.shopUrl);
        back = waitFor('the webhook to be refused', answers, (some) => some.length > 0)
          .then((some) => expect(some).toEqual([503]))
          .then(() => server.start());
      });
      await back;
      expect(answers().at(-1)).toBe(200);
      await expectAllWell(apart);
    },
    caseTimeout,
  );

  test(
    'while orders are being placed: every shopper is answered, every order is dispatched once',
    async () => {
      const stories = Array.from({ length: 12 }, () => tell(apart, paid));
      const known = await orderStatuses(apart);
      await waitFor(
        'the first order',
        () => orderStatuses(apart),
        (now) => now.length > known.length,
      );
      await away(mode, () => Promise.resolve());
      await Promise.all(stories);
      await expectAllWell(apart);
    },
    caseTimeout,
  );

  test(
    'while orders are being dispatched: every one arrives once',
    async () => {
      const stories = Array.from({ length: 5 }, () => tell(apart, paid));
      await waitFor(
        'an order to be paid',
        () => orderStatuses(apart),
        (now) => now.includes('paid'),
      );
      await away(mode, () => expectUnavailable(apart.shopUrl));
      await Promise.all(stories);
      await expectAllWell(apart);
    },
    caseTimeout,
  );

  test(
    'over the end of the hold: what was paid is not cancelled, what was not is, both services come back by themselves',
    async () => {
      const overTheEnd = async (): Promise<void> => {
        const [order] = await together
          .database('orders')
          .where({ status: 'pending' })
          .select('hold_expires_at');
        await away(mode, async () => {
          await waitFor('the end of the hold', Date.now, (now) => now > Number(order.hold_expires_at));
        });
      };
      await tell(together, paidUnheard, overTheEnd);
      await tell(together, unpaid, overTheEnd);
      await expectAllWell(together);
    },
    caseTimeout,
  );
});

test(
  'a payment that is heard of as soon as Postgres is back is settled within seconds',
  async () => {
    let backAt = Number.NaN;
    await tell(apart, paid, async () => {
      await server.stop('fast');
      // The event comes before the engine listens again, so no notification tells the waiting checkout.
      apart.line.open = server.start().then(() => (backAt = Date.now()));
    });
    const [newest] = await apart.database('orders').orderBy('order_id', 'desc').limit(1).select('paid_at');
    expect(newest.paid_at.getTime() - backAt, 'milliseconds from Postgres to paid').toBeLessThan(5_000);
  },
  caseTimeout,
);
