import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Fixture, openFixture } from '../support/fixture.ts';
import { MailServer } from '../support/mail-server.ts';
import { waitFor } from '../support/wait.ts';
import { act, discountCode, placeOrder, post } from './buyer.ts';
import { acts, faultTimes, type Plan, planRun, providerFaults, scarce } from './plan.ts';
import { expectPromisesKept, messageId, setFaults, untilFinished } from './verify.ts';

// Random checkouts on the real system, with a payment provider with every injected fault; then every cent is accounted for.
// The seed decides each buyer's actions, and which answers and events of the provider fail.

const { MONEY_SEED: givenSeed, MONEY_SEEDS: runs = '1', MONEY_CHECKOUTS: checkouts = '160' } = process.env;
const seeds =
  givenSeed === undefined
    ? Array.from({ length: Number(runs) }, () => randomBytes(4).toString('hex'))
    : [givenSeed];
const count = Number(checkouts);

const buyersAtOnce = 32;
const restockEvery = 40;
const restockUnits = 60;
// Fewer than this, and a fault or an act was not really tried: the run proves nothing.
// Far below the expected hits of any seed: this only shows that the run injects every fault.
const hitsAtLeast = 10;
const paidAtLeast = 0.4;

/** The shop of one run, and the mail server that it sends to. */
async function openRun(): Promise<{ readonly fixture: Fixture; readonly mail: MailServer }> {
  const mail = new MailServer();
  const fixture = await openFixture({
    SMTP_URL: await mail.start(),
    HOLD_SECONDS: '8',
    DISPATCH_SECONDS: '0.5',
    PAYMENT_TIMEOUT_SECONDS: '1',
    PAYMENT_RETRIES: '5',
    PAYMENT_RETRY_SECONDS: '0.1',
    // The pauses double up to six seconds: a refund that meets twenty failures in a row still ends in time.
    REFUND_RETRY_SECONDS: '0.02',
    RECONCILE_SECONDS: '2',
  });
  await fixture.database('discount_codes').insert(discountCode);
  return { fixture, mail };
}

// At once, because a run waits for most of its time.
test.concurrent.each(seeds)(
  `${count} checkouts with the seed %s: nobody is charged without goods or refund`,
  {
    timeout: 1_800_000 + count * 2_000,
  },
  async (seed) => {
    const { fixture, mail } = await openRun();
    try {
      await setFaults(fixture, { seed, faults: providerFaults, settings: faultTimes });
      const plans = planRun(seed, count);
      const answers = await runAll(fixture, plans);
      await untilFinished(fixture);
      await expectPromisesKept(fixture, mail.received.map(messageId));
      await expectNotVoid(fixture, { seed, plans, answers });
    } finally {
      await fixture.close();
      await mail.close();
    }
  },
);

/** Runs the plans, many at a time; an order is placed only after the one before, so that a seed gives each the same number. */
async function runAll(fixture: Fixture, plans: readonly Plan[]): Promise<number[]> {
  const statuses: number[] = [];
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (const plan of plans) {
    if (plan.number % restockEvery === 0) await restock(fixture, plan.number);
    const run = runOne(fixture, plan, statuses)
      .catch((error: unknown) => failures.push(error))
      .then(() => void running.delete(run));
    running.add(run);
    // A buyer who failed has placed nothing, and is reported below.
    await Promise.race([placed(fixture, plan.key), run]);
    if (running.size >= buyersAtOnce) await Promise.race(running);
  }
  await Promise.all(running);
  expect(failures, 'buyers who got no further').toEqual([]);
  return statuses;
}

async function runOne(fixture: Fixture, plan: Plan, statuses: number[]): Promise<void> {
  const answer = await placeOrder(fixture, plan);
  statuses.push(answer.status);
  // Out of stock, or the provider stayed out of reach: the answer reported the cancelled order.
  if (answer.status === 409) return;
  await act(fixture, plan, answer);
}

async function placed(fixture: Fixture, key: string): Promise<void> {
  await waitFor(
    `the order of ${key}`,
    () => fixture.database('orders').where({ checkout_key: key }).first('order_id'),
    (row) => row !== undefined,
  );
}

async function restock(fixture: Fixture, number: number): Promise<void> {
  for (const { sku } of await fixture.database('products').select('sku')) {
    const quantity = sku === scarce ? 3 : restockUnits;
    await post(fixture, `${fixture.shopUrl}/restock`, { sku, quantity, reason: `delivery before ${number}` });
  }
}

async function expectNotVoid(
  fixture: Fixture,
  {
    seed,
    plans,
    answers,
  }: { readonly seed: string; readonly plans: readonly Plan[]; readonly answers: readonly number[] },
): Promise<void> {
  const answer = await fetch(`${fixture.paymentUrl}/control/faults`);
  const { hits } = (await answer.json()) as { hits: Record<string, number> };
  console.info(`Money run of seed ${seed}: ${JSON.stringify({ hits, statuses: tally(answers) })}`);
  for (const fault of Object.keys(providerFaults)) {
    expect(hits[fault], `hits of ${fault} in the run with seed ${seed}`).toBeGreaterThanOrEqual(hitsAtLeast);
  }
  const paid = await fixture
    .database('orders')
    .whereIn('status', ['dispatched', 'refunded'])
    .count({ number: '*' })
    .first();
  expect(Number(paid?.number) / count, 'share of checkouts that were paid').toBeGreaterThan(paidAtLeast);
  expect(new Set(plans.map((plan) => plan.act)), 'acts').toEqual(new Set(acts));
}

function tally(values: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
