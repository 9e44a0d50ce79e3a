// @module-tag slow
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pay, placeOrder, type TestOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { StreamLoad } from '../support/stream-load.ts';
import { waitFor } from '../support/wait.ts';

// Five hundred open order pages in one process, while others buy.

const orders = 20;
const streamsEach = 25;
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '1',
    EVENT_STREAMS_PER_ADDRESS: '1000',
  });
  await shop.database.raw('create extension pg_stat_statements');
});

afterAll(() => shop.close());

test('each of 500 streams shows its whole order, with one read per change', async () => {
  const load = await StreamLoad.gather(shop, { orders, streamsEach });
  const shopping = keepShopping();
  const before = await reads();
  for (const order of load.orders) await pay(shop, order);
  await waitFor(
    'the end of every stream',
    () => load.all.filter(({ ended }) => !ended).length,
    (open) => open === 0,
  );
  const cost = (await reads()) - before;
  expect(await shopping.stop()).toBeGreaterThan(0);
  for (const reader of load.all) {
    expect(reader.doneSteps).toEqual(['placed', 'paid', 'dispatch', 'dispatched']);
  }
  // Payment arrived, settled and dispatched: one read each, and at most one more for changes during a read.
  expect(cost).toBeLessThanOrEqual(6 * orders);
});

test('a change reaches every stream of its order with one message, and no stream of another', async () => {
  const load = await StreamLoad.gather(shop, { orders: 10, streamsEach: 50 });
  const [disputed, ...others] = load.readers.values();
  const before = await reads();
  await shop.database('order_history').insert({ order_id: load.orders[0]?.order_id, what: 'disputed' });
  await waitFor(
    'the dispute to show everywhere',
    () => disputed?.filter(({ events }) => !events.at(-1)?.data.includes('Payment disputed')).length,
    (silent) => silent === 0,
  );
  expect((await reads()) - before).toBe(1);
  expect(disputed?.map(({ events }) => events.length)).toEqual(Array(50).fill(2));
  expect(others.flat().map(({ events }) => events.length)).toEqual(Array(450).fill(1));
  load.close();
});

/** Places orders without subscribers, one after the other. */
function keepShopping(): { stop: () => Promise<number> } {
  const stopping = new AbortController();
  const bought: TestOrder[] = [];
  const buying = (async () => {
    while (!stopping.signal.aborted && bought.length < 80) {
      const order = await placeOrder(shop, { sku: 'cleat' });
      await pay(shop, order);
      bought.push(order);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await buying;
      return bought.length;
    },
  };
}

async function reads(): Promise<number> {
  const { rows } = await shop.database.raw<{ rows: { calls: string }[] }>(
    `select coalesce(sum(calls), 0) as calls from pg_stat_statements
     where query like '%order by history_id%' and dbid = (select oid from pg_database where datname = current_database())`,
  );
  return Number(rows[0]?.calls);
}
