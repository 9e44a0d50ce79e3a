import { isDeepStrictEqual } from 'node:util';
import { type FinalAnswer, pay, readOrder, requestOne, withBothClients } from '../buyers.ts';
import { inParallel } from '../concurrency.ts';
import { uncounted } from '../counters.ts';
import { queryRow } from '../databases.ts';
import type { Fixture } from '../fixture.ts';
import { allDispatched } from '../ledger.ts';
import { percentile } from '../statistics.ts';
import { addProducts, type Context, type Scenario, type ScenarioReport, withShop } from './scenario.ts';

const units = { full: 1_000, quick: 20 };
const buyersPerUnit = 10;
const atOnce = 200;
const fastWithinMs = 1_000;

/** Checks that a sale with ten buyers for each unit sells every unit once, and measures how soon the other buyers are refused. */
export const flash: Scenario = {
  name: 'flash',
  title: `Flash sale: ${buyersPerUnit * units.full} buyers for ${units.full} units, ${atOnce} at once`,
  run: (context) => withShop(context, {}, (fixture) => measure(fixture, context)),
};

type Visit = Awaited<ReturnType<typeof visitAll>>[number];

async function measure(fixture: Fixture, { quick, report }: Context): Promise<ScenarioReport> {
  const stock = quick ? units.quick : units.full;
  const [sku = ''] = await addProducts(fixture.sql, 1, stock);
  report(`${stock * buyersPerUnit} buyers check out`);
  const began = performance.now();
  const visits = await visitAll(fixture, sku, stock * buyersPerUnit);
  const seconds = (performance.now() - began) / 1000;
  report('waiting until every order is dispatched');
  await checkSale(fixture, sku, stock, visits);
  return summarize(stock, visits, seconds);
}

/** Every buyer requests one unit and pays if there is one. `answeredMs` is the time to the final answer. */
function visitAll({ store, provider }: Fixture, sku: string, buyers: number) {
  return withBothClients(store.url, atOnce, (shoppers, webhooks) =>
    inParallel(buyers, atOnce, async (number) => {
      const began = performance.now();
      const final = await requestOne(shoppers, `flash-${number}`, sku);
      const answeredMs = performance.now() - began;
      const outcome = outcomeOf(final);
      if (outcome === 'bought') await pay(webhooks, provider, readOrder(final).sessionId);
      return { outcome, answeredMs, retries: final.retries };
    }),
  );
}

/** `wrong` is an answer that is neither an order nor "out of stock". */
function outcomeOf({ answer: { status, text } }: FinalAnswer): 'bought' | 'refused' | 'wrong' {
  if (status === 201 || status === 200) return 'bought';
  const isRefused = status === 409 && (JSON.parse(text) as { code: string }).code === 'out_of_stock';
  return isRefused ? 'refused' : 'wrong';
}

/** @throws when more or fewer than all units were sold, or the shop's tables disagree. */
async function checkSale(
  fixture: Fixture,
  sku: string,
  stock: number,
  visits: readonly Visit[],
): Promise<void> {
  const bought = visits.filter(({ outcome }) => outcome === 'bought').length;
  if (bought !== stock) throw new Error(`${bought} of ${stock} units were sold.`);
  await allDispatched(fixture);
  const counts = await queryRow<Record<string, number | boolean>>(
    fixture.sql,
    `select ${uncounted} (select count(*) from orders where status = 'dispatched')::integer as dispatched,
       (select count(*) from payments where state = 'settled')::integer as settled,
       available, held, sold, balanced
     from stock_accounts where sku = $1`,
    [sku],
  );
  const expected = { dispatched: stock, settled: stock, available: 0, held: 0, sold: stock, balanced: true };
  if (!isDeepStrictEqual(counts, expected)) throw new Error(`The tables show ${JSON.stringify(counts)}.`);
}

function summarize(stock: number, visits: readonly Visit[], seconds: number): ScenarioReport {
  const refusals = visits.filter(({ outcome }) => outcome !== 'bought');
  const times = refusals.map(({ answeredMs }) => answeredMs);
  const fast = refusals.filter(
    ({ outcome, answeredMs }) => outcome === 'refused' && answeredMs <= fastWithinMs,
  );
  const retries = visits.reduce((sum, visit) => sum + visit.retries, 0);
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  const share = fast.length / refusals.length;
  return {
    lines: [
      `sold ${stock} of ${stock} units, each paid and dispatched; the stock balances`,
      `last answer after ${seconds.toFixed(1)} s`,
      `refusals p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; ` +
        `correct and within ${fastWithinMs / 1000} s: ${(share * 100).toFixed(1)} %; retries: ${retries}`,
    ],
    figures: {
      buyers: visits.length,
      sold: stock,
      last_answer_seconds: seconds,
      refusal_p50_ms: p50,
      refusal_p99_ms: p99,
      fast_and_correct_refusals_share: share,
      retries,
    },
  };
}
