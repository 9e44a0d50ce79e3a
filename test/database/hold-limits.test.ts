import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { warningsOfValue } from '../../src/checkout/clients.ts';
import { connect, type Database } from '../../src/database/connection.ts';
import { cancelOrder, forgetUnpaidClients } from '../../src/database/transactions/cancel-order.ts';
import { type PlacedOutcome, placeOrder } from '../../src/database/transactions/place-order.ts';
import { payOrder } from '../../src/database/transactions/settle-payment.ts';
import type { HoldLimits } from '../../src/domain/limits.ts';
import { type CancelReason, type Item, noBuyerDetails, type PlacedOrder } from '../../src/domain/order.ts';
import { inTransaction, type Statement, statementsOf } from '../../src/shared/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { expectStockBalanced } from '../support/promises.ts';

// What one client may hold, as the reserving statement decides it.

const unlimited: HoldLimits = {
  units: 1_000_000,
  cents: null,
  sharePercent: 100,
  sparesSingleUnits: false,
  shortestHoldSeconds: 600,
};
const holdSeconds = 600;
const me = ['my-browser-0000000000', 'my-network-0000000000', 'my-address-0000000000'];

let testDatabase: TestDatabase;
let database: Database;
let sql: Statement;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, 10);
  sql = statementsOf(database);
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

beforeEach(async () => {
  await sql('delete from emails', {});
  for (const table of ['holders', 'order_history', 'payments', 'order_lines', 'orders']) {
    await sql(`delete from ${table}`, {});
  }
  await sql(
    'update stock set available = supplied from stock_accounts where stock.product_id = stock_accounts.product_id',
    {},
  );
});

interface Request {
  readonly clients?: readonly string[];
  readonly limits?: Partial<HoldLimits>;
  readonly key?: string;
  readonly requestId?: string;
}

function place(
  items: readonly Item[],
  { clients = me, limits = {}, key = randomUUID(), requestId = randomUUID() }: Request = {},
): Promise<PlacedOutcome> {
  const order = { checkoutKey: key, requestHash: '0'.repeat(64), items, browserId: null, shownCents: null };
  return placeOrder(
    sql,
    { order: { ...order, ...noBuyerDetails, holdSeconds }, requestId, clients },
    { ...unlimited, ...limits },
  );
}

const thimbles = (qty: number): Item[] => [{ sku: 'thimble', qty }];

async function placed(items: readonly Item[], request: Request = {}): Promise<PlacedOrder> {
  const outcome = await place(items, request);
  if (outcome.outcome !== 'placed') throw new Error(`Not placed: ${JSON.stringify(outcome)}`);
  return outcome.order;
}

function end(order: PlacedOrder, reason: CancelReason): Promise<boolean> {
  const { orderId } = order;
  return inTransaction(database, (open) => cancelOrder(open, { orderId, reason }, { emailsPerDay: 3 }));
}

const refused = { outcome: 'refused', reason: 'hold_limit' };

/** The units that pending orders hold, by SKU. */
async function held(): Promise<Record<string, number>> {
  await expectStockBalanced(database);
  const accounts = await sql<{ sku: string; held: number }>('select sku, held from stock_accounts', {});
  return Object.fromEntries(accounts.map((one) => [one.sku, one.held]));
}

/** What the refusal of a key tells its client. */
async function detailOf(key: string): Promise<unknown> {
  const [row] = await sql<{ detail: unknown }>(
    'select detail from order_history join orders using (order_id) where checkout_key = :key',
    { key },
  );
  return row?.detail;
}

describe('units', () => {
  test('are counted over all pending orders of a client', async () => {
    const limits = { units: 5 };
    await placed(thimbles(3), { limits });
    const key = randomUUID();
    expect(await place([...thimbles(2), { sku: 'cleat', qty: 1 }], { limits, key })).toEqual(refused);
    expect(await detailOf(key)).toEqual({ reason: 'hold_limit', limit: 'units' });
    await placed(thimbles(2), { limits });
    expect(await place([{ sku: 'bell', qty: 1 }], { limits })).toEqual(refused);
    expect(await held()).toMatchObject({ thimble: 5, cleat: 0, bell: 0 });
  });

  test.each(me.map((hash) => [hash]))('are counted for %s alone, whatever else changes', async (hash) => {
    const limits = { units: 5 };
    const other = (n: number) => [hash, `other-${n}-0000000000000`, `third-${n}-0000000000000`];
    await placed(thimbles(3), { limits });
    await placed(thimbles(2), { limits, clients: other(1) });
    expect(await place(thimbles(1), { limits, clients: other(2) })).toEqual(refused);
    await placed(thimbles(5), { limits, clients: other(3).slice(1) });
  });

  test('stay within the limit when forty requests of one client come at once', async () => {
    const limits = { units: 7 };
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        // Half of them name their client in the other order.
        place(thimbles(1), { limits, clients: n % 2 === 0 ? me : me.toReversed() }),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'placed')).toHaveLength(7);
    expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(33);
    expect(await held()).toMatchObject({ thimble: 7 });
  });

  test('that are sold out are refused as such', async () => {
    const bells = [{ sku: 'bell', qty: 4 }];
    expect(await place(bells, { limits: { units: 1 } })).toEqual({ ...refused, reason: 'out_of_stock' });
  });

  test('count no more once their order is paid or cancelled', async () => {
    const limits = { units: 5 };
    const first = await placed(thimbles(5), { limits });
    await end(first, 'hold_expired');
    const { orderId } = await placed(thimbles(5), { limits });
    const payment = { orderId, transactionId: 'pi_1', late: false };
    await sql(`update payments set state = 'settled', transaction_id = 'pi_1' where order_id = :orderId`, {
      orderId,
    });
    expect(await inTransaction(database, (open) => payOrder(open, payment, { dispatchSeconds: 600 }))).toBe(
      true,
    );
    await placed(thimbles(5), { limits });
    expect(await sql('select from holders where order_id = :orderId', { orderId })).toEqual([]);
  });

  test('have no limit for an input that names no client', async () => {
    await placed(thimbles(400), { clients: [], limits: { units: 1, sharePercent: 1 } });
    expect(await sql('select from holders', {})).toEqual([]);
  });
});

test('a request that runs again finds its order, although the client holds all it may', async () => {
  const again = { limits: { units: 5 }, key: randomUUID(), requestId: 'the request' };
  const { orderId } = await placed(thimbles(5), again);
  expect((await placed(thimbles(5), again)).orderId).toBe(orderId);
  const refusedOnce = { ...again, key: randomUUID() };
  expect(await place(thimbles(1), refusedOnce)).toEqual(refused);
  expect(await place(thimbles(1), refusedOnce)).toEqual(refused);
});

describe('value', () => {
  test('is limited, but for a single unit of a client that holds nothing', async () => {
    const limits = { cents: 10_000 };
    const key = randomUUID();
    expect(await place(thimbles(23), { limits, key })).toEqual(refused);
    expect(await detailOf(key)).toEqual({ reason: 'hold_limit', limit: 'value' });
    await placed([{ sku: 'bell', qty: 1 }], { limits });
    expect(await place(thimbles(1), { limits })).toEqual(refused);
    await placed(thimbles(22), { limits, clients: ['another-client-00000000'] });
  });
});

test('the start warns of products of which nobody can order two', async () => {
  const limits = { ...unlimited, cents: 500_000 };
  expect(await warningsOfValue(database, limits)).toEqual([]);
  await sql(`update products set currency = 'HUF', price_cents = 1299000 where sku = 'thimble'`, {});
  expect(await warningsOfValue(database, limits)).toEqual([
    expect.stringMatching(
      /^HELD_VALUE_PER_CLIENT is HUF\s5,000\.00: no shopper can order two of thimble, which costs HUF\s12,990\.00\./,
    ),
  ]);
  expect(await warningsOfValue(database, unlimited)).toEqual([]);
  expect(await warningsOfValue(database, null)).toEqual([]);
  await sql(`update products set currency = 'USD', price_cents = 450 where sku = 'thimble'`, {});
});

const operating = await readFile(new URL('../../docs/OPERATING.md', import.meta.url), 'utf8');
const figures = [
  ...operating.matchAll(/^\| ([\d,]+)(?:, with `HELD_SHARE_PER_CLIENT=(\d+)`)? \| (.*%.*) \|$/gm),
].map(
  ([, units = '', share = '50', cells = '']) =>
    [Number(units.replace(',', '')), Number(share), cells.split('|').map((cell) => cell.trim())] as const,
);

describe('the share of a product', () => {
  test('is rounded up, and counts the units that the client holds', async () => {
    const limits = { sharePercent: 50 };
    const bells = (qty: number): Item[] => [{ sku: 'bell', qty }];
    const key = randomUUID();
    expect(await place(bells(3), { limits, key })).toEqual(refused);
    expect(await detailOf(key)).toEqual({
      reason: 'hold_limit',
      limit: 'share',
      lines: [{ sku: 'bell', product: 'Small Brass Bell', wanted: 3, at_most: 2 }],
    });
    await placed(bells(2), { limits });
    expect(await place(bells(1), { limits })).toEqual(refused);
    await placed(bells(1), { limits, clients: ['another-client-00000000'] });
  });

  test('is not limited for single units where they are exempt', async () => {
    const limits = { sharePercent: 50, sparesSingleUnits: true };
    for (let unit = 0; unit < 3; unit += 1) await placed([{ sku: 'bell', qty: 1 }], { limits });
    expect(await place([{ sku: 'turnbuckle', qty: 16 }], { limits })).toEqual(refused);
    await placed([{ sku: 'turnbuckle', qty: 15 }], { limits });
    expect(await place([{ sku: 'turnbuckle', qty: 2 }], { limits })).toEqual(refused);
  });

  const strict = { units: 50, cents: null };
  const columns = [1, 2, 5, 10, 20] as const;

  /** The percentage of `units` that each further client hides who takes all that it may. */
  async function hidden(units: number, sharePercent: number): Promise<string[]> {
    await sql(`update stock set available = :units where product_id = 6`, { units });
    const percents: number[] = [];
    for (let free = units; free > 0; ) {
      const clients = [`client-${percents.length}-000000000000`];
      const qty = Math.min(strict.units, Math.ceil((free * sharePercent) / 100));
      if (qty < Math.min(strict.units, free)) {
        const more = await place(thimbles(qty + 1), { clients, limits: { ...strict, sharePercent } });
        if (more.outcome !== 'refused') throw new Error(`${qty + 1} of ${free} were placed.`);
      }
      await placed(thimbles(qty), { clients, limits: { ...strict, sharePercent } });
      free -= qty;
      percents.push(Math.round((100 * (units - free)) / units));
    }
    const shown = columns.map((addresses) => {
      const percent = addresses > percents.length ? undefined : percents[addresses - 1];
      return percent === undefined ? '' : `${percent} %`;
    });
    // Nothing is shown beyond the first column that says everything.
    const whole = columns.findIndex((addresses) => addresses >= percents.length);
    return [
      ...shown.map((text, index) => (index === whole ? '100 %' : index > whole && whole !== -1 ? '' : text)),
      String(percents.length),
    ];
  }

  test('has figures in docs/OPERATING.md', () => {
    expect(figures).toHaveLength(7);
  });

  test.each(figures)(
    'of %i units at %i %% hides as much as docs/OPERATING.md says',
    async (units, share, cells) => {
      const measured = await hidden(units, share);
      expect(measured).toEqual(cells.map((cell) => cell.replace(/ address(es)?$/, '')));
    },
  );
});

describe('a hold', () => {
  async function secondsOfNextHold(limits: Partial<HoldLimits>, clients = me): Promise<number> {
    const { holdExpiresAt } = await placed(thimbles(1), { limits, clients });
    const [{ now } = { now: 0 }] = await sql<{ now: number }>(
      'select cast(extract(epoch from now()) * 1000 as double precision) as now',
      {},
    );
    return Math.round((holdExpiresAt - now) / 1000 / 5) * 5;
  }

  test('is halved with each order that ends unpaid, from the second on, down to the shortest', async () => {
    const limits = { shortestHoldSeconds: 100 };
    const seconds: number[] = [];
    for (const reason of [
      'hold_expired',
      'cancelled_by_shopper',
      'payment_ended',
      'hold_expired',
      'hold_expired',
    ] as const) {
      await end(await placed(thimbles(1), { limits }), reason);
      seconds.push(await secondsOfNextHold(limits));
    }
    expect(seconds).toEqual([600, 300, 150, 100, 100]);
    expect(await secondsOfNextHold(limits, ['another-client-00000000'])).toBe(600);
  });

  test('stays as long after orders that the provider could not open, and an hour later', async () => {
    const limits = { shortestHoldSeconds: 10 };
    for (let order = 0; order < 3; order += 1) {
      await end(await placed(thimbles(1), { limits }), 'payment_unavailable');
    }
    expect(await sql('select from holders', {})).toEqual([]);
    for (let order = 0; order < 3; order += 1) {
      await end(await placed(thimbles(1), { limits }), 'hold_expired');
    }
    await forgetUnpaidClients(sql);
    expect(await secondsOfNextHold(limits)).toBe(150);
    await sql(`update holders set unpaid_at = unpaid_at - interval '61 minutes'`, {});
    expect(await secondsOfNextHold(limits)).toBe(600);
    await forgetUnpaidClients(sql);
    expect(await sql('select from holders where unpaid_at is not null', {})).toEqual([]);
  });
});
