// @module-tag slow
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { auditDatabase } from '../../src/database/audit.ts';
import { untilFinished } from '../money/verify.ts';
import { type Fixture, openFixture } from '../support/fixture.ts';
import { placeOrder } from '../support/orders.ts';
import { expectMoneyRight, expectStockBalanced } from '../support/promises.ts';
import { type Amounts, wrongAmounts } from './amounts.ts';
import { explore, type Seen } from './explorer.ts';
import { Gateway } from './gateway.ts';

// Bombadil clicks and types at random on the pages of the shop, of the payment service and of operators, and presses Crash now and then.
// Every state that it sees keeps the properties in specification.ts, and its amounts are those of the rows.

const seconds = Number(env['EXPLORE_SECONDS'] ?? 60);
// By then it has been everywhere.
const longEnough = 300;
// Few steps lead to the pages behind the tools of a demonstration, so a part of the time begins on them.
const toolPages = ['/operator', '/outbox', '/recent-orders'];
const secondsOfTools = 0.3 * seconds;
const secondsOfShoppers = seconds - secondsOfTools;

test(`nothing is wrong on any page within ${seconds} s of random steps`, {
  timeout: 600_000 + 2_000 * seconds,
}, async () => {
  const fixture = await openFixture({
    // Without a port, so that the explorer takes the shop and the payment pages for one place.
    PUBLIC_URL: 'http://127.0.0.1',
    HOLD_SECONDS: '40',
    DISPATCH_SECONDS: '5',
  });
  const gateway = await Gateway.start(fixture.shopUrl, fixture.paymentUrl);
  const traceFolder = await mkdtemp(path.join(tmpdir(), 'holdfast-explored-'));
  try {
    const { payment_url: payment } = await placeOrder(fixture, { email: 'ada@reader.example' });
    const seen: Seen[] = [];
    for (const [index, start] of [payment, ...toolPages.map((page) => `http://127.0.0.1${page}`)].entries()) {
      const folder = path.join(traceFolder, String(index));
      const part = index === 0 ? secondsOfShoppers : secondsOfTools / toolPages.length;
      const explored = await explore(gateway, { start, seconds: Math.ceil(part), traceFolder: folder });
      seen.push(...explored.seen);
      expect(explored.exitCode, `${explored.output}\nThe trace is in ${folder}.`).toBe(0);
    }
    console.info(`Explored ${seconds} s: ${JSON.stringify(await summaryOf(fixture, seen))}`);
    const amounts = seen.map(({ values }) => values['amounts'] as Amounts);
    expect(await wrongAmounts(fixture.database, amounts), `the trace is in ${traceFolder}`).toEqual([]);
    await untilFinished(fixture);
    await expectMoneyRight(fixture.database, fixture.paymentUrl);
    await expectStockBalanced(fixture.database);
    expect((await auditDatabase(fixture.database, 30)).broken).toEqual([]);
    const expected = seconds < longEnough ? ['/'] : everywhere;
    expect(Object.keys(visits(seen))).toEqual(expect.arrayContaining(expected));
    await rm(traceFolder, { recursive: true });
  } finally {
    await gateway.close();
    await fixture.close();
  }
});

const everywhere = [
  '/',
  '/products',
  '/cart',
  '/cart/checkout',
  '/orders',
  '/your-orders',
  '/pay',
  ...toolPages,
];

/** How many states of each page were seen. */
function visits(seen: readonly Seen[]): Record<string, number> {
  return tally(
    seen.map(({ url }) => new URL(url).pathname.replace(/^(\/(?:products|orders|pay))\/.*/, '$1')),
  );
}

/** The reach of a run: states, looks of axe, crashes, orders. */
async function summaryOf({ database, processes }: Fixture, seen: readonly Seen[]) {
  const looked = seen.filter(({ values }) => (values['accessibility'] as { looks: number }).looks > 0);
  const orders = await database('orders').select<{ status: string }[]>('status');
  return {
    states: seen.length,
    pages: visits(seen),
    inspected: looked.length,
    crashes: processes.shop.deaths.length,
    orders: tally(orders.map(({ status }) => status)),
  };
}

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
