import { buy, restockAll } from './buyers.ts';
import type { Cleanup } from './cleanup.ts';
import { type ByStore, byStore, type Comparison, storeTitles, summarize } from './comparison.ts';
import { type Costs, type StatementPerOrder, statementsPerOrder } from './counters.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { allDispatched, checkLedger, type Ledger } from './ledger.ts';
import { type Figures, type IdleRates, measureIdle, measureLoad } from './measure.ts';
import type { Options } from './options.ts';
import { whileRunning } from './process.ts';
import type { StoreName } from './stores.ts';

const warmUpBuyers = 16;

/** A measured store and its samples so far. */
interface Subject {
  readonly fixture: Fixture;
  readonly skus: readonly string[];
  /** All orders so far, those of the warm-up included. */
  orders: number;
  idle: IdleRates;
  /** The figures of each level, one for each round. */
  readonly samples: ReadonlyMap<number, Figures[]>;
  /** Readings before and after each load of the level with the most buyers. */
  readonly costs: (readonly [before: Costs, after: Costs])[];
}

/**
 * Measures one shop process and the baselines on one Postgres, over HTTP. This process plays the shoppers and the
 * provider: it answers the stores' calls at once and sends the signed events itself.
 */
export async function compare(
  serverUrl: string,
  options: Options,
  report: (activity: string) => void,
  cleanup: Cleanup,
): Promise<Comparison> {
  report('Starting the shop and the baselines');
  const open = async (name: StoreName, callsProvider = true): Promise<Subject> => {
    const fixture = await openFixture(serverUrl, cleanup, { name }, callsProvider);
    const skus = await restockAll(fixture.store.url);
    const samples = new Map(options.levels.map((buyers) => [buyers, []]));
    return { fixture, skus, orders: 0, idle: {} as IdleRates, samples, costs: [] };
  };
  const subjects = {
    holdfast: await open('holdfast'),
    tutorial: await open('tutorial', !options.tutorialAsPublished),
    plain_sql: await open('plain_sql'),
  };
  const stores = Object.values(subjects).map(({ fixture }) => fixture.store);
  return whileRunning(stores, measureAll(subjects, options, report));
}

/**
 * Warms up, measures the idle work, then measures every store at every level once a round. The stores take turns, so
 * that a slow minute affects all of them.
 */
async function measureAll(
  subjects: ByStore<Subject>,
  options: Options,
  report: (activity: string) => void,
): Promise<Comparison> {
  const all = Object.values(subjects);
  for (const subject of all) {
    report(`Warming up ${titleOf(subject)} for ${options.warmUpSeconds} s`);
    await warmUp(subject, options);
  }
  report(`Measuring the idle work for ${options.idleSeconds} s`);
  const idle = all.map(async (subject) => {
    subject.idle = await measureIdle(subject.fixture, options.idleSeconds);
  });
  await Promise.all(idle);

  for (let round = 1; round <= options.rounds; round += 1) {
    for (const buyers of options.levels) {
      // The first store changes, because each leaves housekeeping of Postgres to the next one.
      const first = round % all.length;
      for (const subject of [...all.slice(first), ...all.slice(0, first)]) {
        report(`Round ${round} of ${options.rounds}, ${buyers} at once: ${titleOf(subject)}`);
        await measureOnce(subject, buyers, options);
      }
    }
  }
  return toComparison(subjects, options);
}

function titleOf({ fixture }: Subject): string {
  return storeTitles[fixture.options.name];
}

async function warmUp(subject: Subject, { warmUpSeconds, levelOrdersMax }: Options): Promise<void> {
  const load = { buyers: warmUpBuyers, seconds: warmUpSeconds, ordersMax: levelOrdersMax };
  subject.orders += (await buy(subject.fixture, subject.skus, load)).orders;
  await allDispatched(subject.fixture);
}

async function measureOnce(subject: Subject, buyers: number, options: Options): Promise<void> {
  const load = { buyers, seconds: options.levelSeconds, ordersMax: options.levelOrdersMax };
  const { readCosts } = subject.fixture.counters;
  const before = await readCosts();
  const figures = await measureLoad(subject.fixture, subject.skus, load, subject.idle);
  if (buyers === Math.max(...options.levels)) subject.costs.push([before, await readCosts()]);
  subject.samples.get(buyers)?.push(figures);
  subject.orders += figures.orders;
}

async function toComparison(subjects: ByStore<Subject>, { levels }: Options): Promise<Comparison> {
  const samples = (name: StoreName, buyers: number): Figures[] => subjects[name].samples.get(buyers) ?? [];
  const statements = (name: StoreName): StatementPerOrder[] => {
    const figures = samples(name, Math.max(...levels));
    const orders = figures.reduce((sum, round) => sum + round.orders, 0);
    return statementsPerOrder(subjects[name].costs, orders);
  };
  const ledger = ({ fixture, orders }: Subject): Promise<Ledger> => checkLedger(fixture, orders);
  return {
    idle: byStore((name) => subjects[name].idle),
    levels: levels.map((buyers) =>
      summarize(
        buyers,
        byStore((name) => samples(name, buyers)),
      ),
    ),
    statements: byStore(statements),
    ledgers: {
      holdfast: await ledger(subjects.holdfast),
      tutorial: await ledger(subjects.tutorial),
      plain_sql: await ledger(subjects.plain_sql),
    },
  };
}
