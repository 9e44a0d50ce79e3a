import { type Asked, askForOne, pay, readCheckout } from '../buyers.ts';
import { ours } from '../counters.ts';
import { createHttpClient } from '../http-client.ts';
import { percentile } from '../statistics.ts';
import { addProducts } from './products.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { together, until } from './together.ts';

const units = { full: 1_000, quick: 20 };
const buyersPerUnit = 10;
const atOnce = 200;
const quickWithinMs = 1_000;

/** Whether a sale to which ten times too many people come sells everything once, and tells the others soon. */
export const flash: Scenario = {
  name: 'flash',
  title: `Flash sale: ${buyersPerUnit * units.full} buyers for ${units.full} units, ${atOnce} at once`,
  run: (world) => onStage(world, {}, (stage) => measure(stage, world)),
};

/** What a buyer came to. */
interface Visit {
  readonly outcome: 'bought' | 'refused' | 'misled';
  /** From the first question to the answer; of one who bought, not to the payment. */
  readonly answeredMs: number;
  readonly again: number;
}

async function measure(stage: Stage, { quick, say }: World): Promise<ScenarioReport> {
  const stock = quick ? units.quick : units.full;
  const [sku = ''] = await addProducts(stage.sql, 1, stock);
  say(`${stock * buyersPerUnit} buyers come`);
  const began = performance.now();
  const visits = await visitAll(stage, sku, stock * buyersPerUnit);
  const seconds = (performance.now() - began) / 1000;
  say('waiting until every order is dispatched');
  await checkSale(stage, sku, stock, visits);
  return report(stock, visits, seconds);
}

/** Every buyer asks once for one unit, and pays who gets it. */
async function visitAll(stage: Stage, sku: string, buyers: number): Promise<Visit[]> {
  const shoppers = createHttpClient(stage.shop.url, atOnce);
  const provider = createHttpClient(stage.shop.url, atOnce);
  const visit = async (number: number): Promise<Visit> => {
    const began = performance.now();
    const asked = await askForOne(shoppers, `flash-${number}`, sku);
    const answeredMs = performance.now() - began;
    const outcome = outcomeOf(asked);
    if (outcome === 'bought') await pay(provider, stage.provider, readCheckout(asked).sessionId);
    return { outcome, answeredMs, again: asked.again };
  };
  try {
    return await together(buyers, atOnce, visit);
  } finally {
    shoppers.close();
    provider.close();
  }
}

/** A refusal is honest that says what it is; to be told anything else is to be misled. */
function outcomeOf({ answer: { status, text } }: Asked): Visit['outcome'] {
  if (status === 201 || status === 200) return 'bought';
  const isHonest = status === 409 && (JSON.parse(text) as { code: string }).code === 'out_of_stock';
  return isHonest ? 'refused' : 'misled';
}

/** @throws when not exactly the stock was sold, once each, or the books do not show it. */
async function checkSale(stage: Stage, sku: string, stock: number, visits: readonly Visit[]): Promise<void> {
  const bought = visits.filter(({ outcome }) => outcome === 'bought').length;
  if (bought !== stock) throw new Error(`Of ${stock} units ${bought} were sold.`);
  const count = async (question: string): Promise<number> => {
    const { rows } = await stage.sql.query<{ count: number }>(`select ${ours} count(*)::integer ${question}`);
    return rows[0]?.count ?? Number.NaN;
  };
  await until(
    `${stock} orders are dispatched`,
    async () => (await count(`from orders where status = 'dispatched'`)) === stock,
  );
  const settled = await count(`from payments where state = 'settled'`);
  const pending = await count(`from orders where status in ('pending', 'paid')`);
  const balanced = await count(
    `from stock_accounts where sku = '${sku}' and available = 0 and held = 0 and sold = ${stock} and balanced`,
  );
  if (settled !== stock || pending !== 0 || balanced !== 1) {
    throw new Error(`The books are wrong: ${settled} settled, ${pending} pending, balanced ${balanced}.`);
  }
}

function report(stock: number, visits: readonly Visit[], seconds: number): ScenarioReport {
  const refusals = visits.filter(({ outcome }) => outcome !== 'bought');
  const times = refusals.map(({ answeredMs }) => answeredMs);
  const good = refusals.filter(
    ({ outcome, answeredMs }) => outcome === 'refused' && answeredMs <= quickWithinMs,
  );
  const askedAgain = visits.reduce((sum, { again }) => sum + again, 0);
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  const share = good.length / refusals.length;
  return {
    lines: [
      `sold ${stock} of ${stock} units, each paid and dispatched; the stock adds up`,
      `last answer after ${seconds.toFixed(1)} s`,
      `refusals p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; ` +
        `honest and within ${quickWithinMs / 1000} s: ${(share * 100).toFixed(1)} %; asked again: ${askedAgain}`,
    ],
    figures: {
      buyers: visits.length,
      sold: stock,
      last_answer_seconds: seconds,
      refusal_p50_ms: p50,
      refusal_p99_ms: p99,
      quick_and_honest_refusals_share: share,
      asked_again: askedAgain,
    },
  };
}
