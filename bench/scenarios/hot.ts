import { buy } from '../buyers.ts';
import type { Fixture } from '../fixture.ts';
import { allDispatched, checkLedger } from '../ledger.ts';
import { type Spread, spread } from '../statistics.ts';
import { addProducts, type Context, type Scenario, type ScenarioReport, withShop } from './scenario.ts';

const buyers = 64;
const products = 50;
// More than all rounds can buy of one product.
const unitsEach = 1_000_000;

/** Compares orders per second on one product with those on fifty. */
export const hot: Scenario = {
  name: 'hot',
  title: `One hot product against ${products}, ${buyers} buyers`,
  run: (context) => withShop(context, {}, (fixture) => measure(fixture, context)),
};

async function measure(fixture: Fixture, { quick, report }: Context): Promise<ScenarioReport> {
  const skus = await addProducts(fixture.sql, products, unitsEach);
  const limits = quick
    ? { rounds: 1, seconds: 1, ordersMax: 100 }
    : { rounds: 5, seconds: 5, ordersMax: 10_000 };
  let bought = 0;
  const ordersPerSecond = async (wanted: readonly string[]): Promise<number> => {
    const purchases = await buy(fixture, wanted, { buyers, ...limits });
    await allDispatched(fixture);
    bought += purchases.orders;
    return purchases.orders / purchases.seconds;
  };

  report('warming up');
  await ordersPerSecond(skus);
  const one: number[] = [];
  const many: number[] = [];
  for (let round = 1; round <= limits.rounds; round += 1) {
    report(`round ${round} of ${limits.rounds}`);
    one.push(await ordersPerSecond(skus.slice(0, 1)));
    many.push(await ordersPerSecond(skus));
  }
  await checkLedger(fixture, bought);
  return summarize(spread(one), spread(many));
}

function summarize(one: Spread, many: Spread): ScenarioReport {
  const ratio = one.median / many.median;
  const range = ({ median, min, max }: Spread): string =>
    `${median.toFixed(1)} (${min.toFixed(1)} – ${max.toFixed(1)})`;
  return {
    lines: [
      `one product: ${range(one)} orders/s`,
      `${products} products: ${range(many)} orders/s`,
      `ratio: ${ratio.toFixed(2)}`,
    ],
    figures: { one_product_orders_per_second: one, fifty_products_orders_per_second: many, ratio },
  };
}
