import { chanceOf } from '../money/plan.ts';

/** Times that each fault has to take place, by the length of the run. */
const quotas = {
  'kill a shop process': { full: 270, minutes: 15, small: 2 },
  'kill the payment service': { full: 40, minutes: 3, small: 1 },
  'freeze a process': { full: 30, minutes: 3, small: 2 },
  'lose a host': { full: 20, minutes: 2, small: 1 },
  'a host joins and leaves': { full: 5, minutes: 1, small: 0 },
  'upgrade all hosts': { full: 4, minutes: 1, small: 0 },
  'crash of Postgres': { full: 50, minutes: 3, small: 1 },
  'restart of Postgres': { full: 10, minutes: 3, small: 1 },
  'failover of Postgres': { full: 5, minutes: 1, small: 1 },
  'full disk': { full: 3, minutes: 1, small: 0 },
  'partition from the database': { full: 10, minutes: 2, small: 1 },
  'partition from the provider': { full: 10, minutes: 1, small: 1 },
  'broken connections': { full: 10, minutes: 1, small: 0 },
  'lost answer to a commit': { full: 40, minutes: 5, small: 2 },
} as const;

export type FaultName = keyof typeof quotas;

/** How much happens in a run. */
export interface Length {
  readonly name: 'full' | 'minutes' | 'small';
  /** Seconds over which the faults are spread; those that take long make it longer. */
  readonly seconds: number;
  readonly checkouts: number;
  readonly buyersAtOnce: number;
  readonly network: 'namespaces' | 'loopback';
  readonly holdSeconds: number;
  /** The longest that something is frozen, partitioned or away. */
  readonly longestSeconds: number;
  /** Hits of each injected fault of the payment service. */
  readonly providerHits: number;
}

const lengths: readonly Length[] = [
  {
    name: 'full',
    seconds: 1_800,
    checkouts: 10_000,
    buyersAtOnce: 48,
    network: 'namespaces',
    holdSeconds: 20,
    longestSeconds: 40,
    providerHits: 50,
  },
  {
    name: 'minutes',
    seconds: 120,
    checkouts: 500,
    buyersAtOnce: 16,
    network: 'namespaces',
    holdSeconds: 12,
    longestSeconds: 15,
    providerHits: 5,
  },
  {
    name: 'small',
    seconds: 10,
    checkouts: 40,
    buyersAtOnce: 8,
    network: 'loopback',
    holdSeconds: 6,
    // Longer than the silence after which a process is declared dead.
    longestSeconds: 12,
    providerHits: 1,
  },
];

/** The length of that name: `full` is the run on record, `minutes` belongs to `npm run test:all`, and `small` is for a quick look. */
export function lengthOf(wanted: string): Length {
  const found = lengths.find(({ name }) => name === wanted);
  if (!found) throw new Error(`CHAOS is one of ${lengths.map(({ name }) => name).join(', ')}.`);
  return found;
}

/** Each fault, and the times that it has to take place in a run of that length. */
export function quotasOf({ name }: Length): (readonly [FaultName, number])[] {
  return Object.entries(quotas).map(([fault, byLength]) => [fault as FaultName, byLength[name]] as const);
}

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
  length: Length,
  laneOf: (name: FaultName) => string,
): ReadonlyMap<string, readonly PlannedFault[]> {
  const lanes = new Map<string, FaultName[]>();
  for (const [name, quota] of quotasOf(length)) {
    const lane = lanes.get(laneOf(name)) ?? [];
    lane.push(...Array.from({ length: quota }, () => name));
    lanes.set(laneOf(name), lane);
  }
  return new Map(
    [...lanes].map(([lane, names]) => [
      lane,
      shuffle(names, `${seed}|${lane}`).map((name, number) => {
        const dice = new Dice(seed, lane, number);
        return { name, dice, pauseMs: dice.between(0.1, 1.2) * ((length.seconds * 1000) / names.length) };
      }),
    ]),
  );
}

function shuffle(names: readonly FaultName[], seed: string): FaultName[] {
  const order = names.map((name, number) => ({ name, at: chanceOf(`${seed}|${number}`) }));
  return order.toSorted((a, b) => a.at - b.at).map(({ name }) => name);
}
