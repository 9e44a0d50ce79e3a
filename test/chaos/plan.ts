import { chanceOf } from '../money/plan.ts';
import type { FaultName } from './faults.ts';

/** How much happens in a run. */
export interface Length {
  /** Seconds over which the faults are spread; those that take long make it longer. */
  readonly seconds: number;
  readonly checkouts: number;
  readonly buyersAtOnce: number;
  readonly network: 'namespaces' | 'loopback';
  readonly holdSeconds: number;
  /** The longest that something is frozen, partitioned or away. */
  readonly longestSeconds: number;
  /** Times that each fault has to take place. */
  readonly quotas: Readonly<Record<FaultName, number>>;
  /** Hits of each injected fault of the payment service. */
  readonly providerHits: number;
}

/** The lengths of CHAOS. `full` is the run on record, `minutes` belongs to `npm run test:all`, and `small` to `npm test`. */
export const lengths: Readonly<Record<string, Length>> = {
  full: {
    seconds: 1_800,
    checkouts: 10_000,
    buyersAtOnce: 48,
    network: 'namespaces',
    holdSeconds: 20,
    longestSeconds: 40,
    quotas: {
      'kill a shop process': 270,
      'kill the payment service': 40,
      'freeze a process': 30,
      'lose a host': 20,
      'a host joins and leaves': 5,
      'upgrade all hosts': 4,
      'crash of Postgres': 50,
      'restart of Postgres': 10,
      'failover of Postgres': 5,
      'full disk': 3,
      'partition from the database': 10,
      'partition from the provider': 10,
      'broken connections': 10,
      'lost answer to a commit': 40,
    },
    providerHits: 50,
  },
  minutes: {
    seconds: 120,
    checkouts: 500,
    buyersAtOnce: 16,
    network: 'namespaces',
    holdSeconds: 12,
    longestSeconds: 15,
    quotas: {
      'kill a shop process': 15,
      'kill the payment service': 3,
      'freeze a process': 3,
      'lose a host': 2,
      'a host joins and leaves': 1,
      'upgrade all hosts': 1,
      'crash of Postgres': 3,
      'restart of Postgres': 1,
      'failover of Postgres': 1,
      'full disk': 1,
      'partition from the database': 2,
      'partition from the provider': 1,
      'broken connections': 1,
      'lost answer to a commit': 5,
    },
    providerHits: 5,
  },
  small: {
    seconds: 10,
    checkouts: 40,
    buyersAtOnce: 8,
    network: 'loopback',
    holdSeconds: 6,
    longestSeconds: 5,
    quotas: {
      'kill a shop process': 2,
      'kill the payment service': 1,
      'freeze a process': 1,
      'lose a host': 1,
      'a host joins and leaves': 0,
      'upgrade all hosts': 0,
      'crash of Postgres': 1,
      'restart of Postgres': 0,
      'failover of Postgres': 1,
      'full disk': 0,
      'partition from the database': 1,
      'partition from the provider': 1,
      'broken connections': 0,
      'lost answer to a commit': 2,
    },
    providerHits: 1,
  },
};

/** A fault that the plan of a run contains. */
export interface PlannedFault {
  readonly name: FaultName;
  readonly dice: Dice;
  /** Milliseconds before it. */
  readonly pauseMs: number;
}

/** Choices that a seed and a name repeat. */
export class Dice {
  #thrown = 0;
  readonly #seed: string;

  constructor(...seed: readonly (string | number)[]) {
    this.#seed = seed.join('|');
  }

  /** A number from 0 to 1. */
  readonly chance = (): number => {
    this.#thrown += 1;
    return chanceOf(`${this.#seed}|${this.#thrown}`);
  };

  between(least: number, most: number): number {
    return least + (most - least) * this.chance();
  }

  /** One of the items; undefined when there are none. */
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.chance() * items.length)];
  }
}

/**
 * The faults of a run in lanes, which run at the same time; the faults of one lane follow each other. The seed decides their order, the
 * pauses between them, and the choices of each.
 */
export function planFaults(
  seed: string,
  { quotas, seconds }: Length,
  laneOf: (name: FaultName) => string,
): ReadonlyMap<string, readonly PlannedFault[]> {
  const lanes = new Map<string, FaultName[]>();
  for (const [name, quota] of Object.entries(quotas) as [FaultName, number][]) {
    const lane = lanes.get(laneOf(name)) ?? [];
    lane.push(...Array.from({ length: quota }, () => name));
    lanes.set(laneOf(name), lane);
  }
  return new Map(
    [...lanes].map(([lane, names]) => [
      lane,
      shuffle(names, `${seed}|${lane}`).map((name, number) => {
        const dice = new Dice(seed, lane, number);
        return { name, dice, pauseMs: dice.between(0.1, 1.2) * ((seconds * 1000) / names.length) };
      }),
    ]),
  );
}

function shuffle(names: readonly FaultName[], seed: string): FaultName[] {
  const order = names.map((name, number) => ({ name, at: chanceOf(`${seed}|${number}`) }));
  return order.toSorted((a, b) => a.at - b.at).map(({ name }) => name);
}
