import { allDispatched, checkBooks } from '../books.ts';
import { buy } from '../buyers.ts';
import { type Spread, spread } from '../statistics.ts';
import { addProducts } from './products.ts';
import type { Scenario, ScenarioReport, World } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';

const buyers = 64;
const products = 50;
// More than all rounds can buy of one.
const unitsEach = 1_000_000;

/** Whether a product that everybody wants slows the shop down. */
export const hot: Scenario = {
  name: 'hot',
  title: `One hot product against ${products}, ${buyers} buyers`,
  run: (world) => onStage(world, {}, (stage) => measure(stage, world)),
};

async function measure(stage: Stage, { quick, say }: World): Promise<ScenarioReport> {
  const skus = await addProducts(stage.sql, products, unitsEach);
  const market = { shopUrl: stage.shop.url, provider: stage.provider };
  const limits = quick
    ? { rounds: 1, seconds: 1, ordersMax: 100 }
    : { rounds: 5, seconds: 5, ordersMax: 10_000 };
  let bought = 0;
  const ordersPerSecond = async (wanted: readonly string[]): Promise<number> => {
    const purchases = await buy({ ...market, skus: wanted }, { buyers, ...limits });
    await allDispatched(stage.sql);
    bought += purchases.orders;
    return purchases.orders / purchases.seconds;
  };

  say('warming up');
  await ordersPerSecond(skus);
  const one: number[] = [];
  const many: number[] = [];
  for (let round = 1; round <= limits.rounds; round += 1) {
    say(`round ${round} of ${limits.rounds}`);
    one.push(await ordersPerSecond(skus.slice(0, 1)));
    many.push(await ordersPerSecond(skus));
  }
  await checkBooks(stage.sql, bought);
  return report(spread(one), spread(many));
}

function report(one: Spread, many: Spread): ScenarioReport {
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
