import type { StatementPerOrder } from './counters.ts';
import type { Ledger } from './ledger.ts';
import type { Figures, IdleRates } from './measure.ts';
import { type Spread, spread } from './statistics.ts';
import type { StoreName } from './stores.ts';

/** The titles of the stores in the order of the tables. */
export const storeTitles: ByStore<string> = {
  holdfast: 'Holdfast',
  tutorial: 'tutorial',
  plain_sql: 'plain SQL',
};
export const storeNames = Object.keys(storeTitles) as StoreName[];

export type ByStore<Value> = Readonly<Record<StoreName, Value>>;

/** The shop beside the two baselines. */
export interface Comparison {
  readonly idle: ByStore<IdleRates>;
  readonly levels: readonly Level[];
  /** At the level with the most buyers. */
  readonly statements: ByStore<readonly StatementPerOrder[]>;
  readonly ledgers: ByStore<Ledger>;
}

/** One number of buyers. */
export interface Level {
  readonly buyers: number;
  readonly stores: ByStore<{
    readonly figures: Readonly<Record<keyof Figures, Spread>>;
    readonly rounds: readonly Figures[];
  }>;
  readonly ratios: Ratios;
}

/** The shop's figures divided by a baseline's of the same round. */
export type Ratios = Readonly<
  Record<
    'orders_per_second_to_tutorial' | 'orders_per_second_to_plain_sql' | 'checkout_p50_to_tutorial',
    Spread
  >
>;

/** Summarises the rounds of one level. */
export function summarize(buyers: number, rounds: ByStore<readonly Figures[]>): Level {
  const ratio = (figure: keyof Figures, baseline: StoreName): Spread =>
    spread(
      rounds.holdfast.map((own, index) => own[figure] / (rounds[baseline][index]?.[figure] ?? Number.NaN)),
    );
  const figures = (name: StoreName): Record<keyof Figures, Spread> => {
    const keys = Object.keys(rounds[name][0] ?? {}) as (keyof Figures)[];
    const spreads = keys.map((key) => [key, spread(rounds[name].map((round) => round[key]))] as const);
    return Object.fromEntries(spreads) as Record<keyof Figures, Spread>;
  };
  return {
    buyers,
    stores: byStore((name) => ({ figures: figures(name), rounds: rounds[name] })),
    ratios: {
      orders_per_second_to_tutorial: ratio('orders_per_second', 'tutorial'),
      orders_per_second_to_plain_sql: ratio('orders_per_second', 'plain_sql'),
      checkout_p50_to_tutorial: ratio('checkout_p50_ms', 'tutorial'),
    },
  };
}

/** Computes a value for each store. */
export function byStore<Value>(valueOf: (name: StoreName) => Value): ByStore<Value> {
  return Object.fromEntries(storeNames.map((name) => [name, valueOf(name)])) as Record<StoreName, Value>;
}
